"""Notifications: every event that a partner or the vendor may see, pushed to webhooks and kept in a feed to pull."""
