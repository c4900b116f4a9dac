"""Enablement: courses, who completed them, and the certificates that people hold."""
