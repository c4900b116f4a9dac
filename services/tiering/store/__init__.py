"""Rows in, domain types out."""
