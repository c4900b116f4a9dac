"""Tables, and repositories that take and return domain types."""
