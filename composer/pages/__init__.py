"""What the losses are, for people to read: all of it from their classes."""
