"""Deal registration: first to register is protected, and a deal's life is told by facts."""
