"""The tables, by idea."""
