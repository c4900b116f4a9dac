"""Conflicts: opened by a rule or a person, decided, communicated, prevented."""
