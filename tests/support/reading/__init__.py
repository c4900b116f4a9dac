"""A consumer of registration's topics that asks nobody anything: what it holds is folded from the events alone."""
