"""What is done with co-selling agreements and their plans, one use case a file."""
