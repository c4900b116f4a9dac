"""The life of a deal and of its exclusivity."""
