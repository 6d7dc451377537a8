"""What customers say about payments of theirs: whether it was them, and what is wrong with one."""
