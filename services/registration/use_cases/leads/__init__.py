"""What is done with leads, one use case a file."""
