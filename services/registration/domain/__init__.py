"""Pure rules of deal registration: no clock, no ids, no IO."""
