"""The published language of Hansa: every event that crosses a service border, as frozen models."""
