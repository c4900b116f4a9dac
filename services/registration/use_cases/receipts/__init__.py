"""Receipts: given, handed out, checked."""
