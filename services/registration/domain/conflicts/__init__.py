"""A conflict in its six steps, what its decision does, and the rules that prevent the next one."""
