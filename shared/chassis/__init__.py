"""What every service rides on; no business word in it."""
