"""One use case a file: load, decide, save, emit; the edge commits."""
