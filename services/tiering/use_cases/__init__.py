"""What this service does, one use case a file."""
