"""Routes by resource, with their request and response models."""
