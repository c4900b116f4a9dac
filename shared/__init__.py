"""What the services share: the published language and the chassis."""
