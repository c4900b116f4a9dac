"""Registrations that people decide: into the queue, back to the partner, approved or rejected."""
