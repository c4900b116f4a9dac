"""Opportunities of sales systems, made deals."""
