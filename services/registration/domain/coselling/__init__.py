"""Agreements of several partners on one deal."""
