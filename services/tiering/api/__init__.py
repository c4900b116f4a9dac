"""HTTP of tiering."""
