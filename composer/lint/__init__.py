"""What a spec says that is allowed and can hardly be meant."""
