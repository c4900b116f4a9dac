"""Speed as a ratio: ours, the machine's limit and a naive peer, measured in one run."""
