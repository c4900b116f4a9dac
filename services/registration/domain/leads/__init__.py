"""The life of a lead."""
