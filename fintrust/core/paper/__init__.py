"""PDF as the bank prints it: its letters, its paper, and one press for all threads."""
