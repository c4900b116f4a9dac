"""What staff does with accounts: merge, split, alias, link, decide reviews."""
