"""Proposed rule changes: filed, tried over history, switched on or declined."""
