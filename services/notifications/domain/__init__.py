"""Pure rules of the service: no clock, no ids, no IO."""
