"""What registration keeps, and how it is read and written."""
