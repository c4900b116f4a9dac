"""A seeded partner network that works for a business year through the public API."""
