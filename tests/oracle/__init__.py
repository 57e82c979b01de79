"""Every number that another library gives, against ours."""
