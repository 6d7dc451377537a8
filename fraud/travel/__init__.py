"""Where a customer was, where they are now, and whether anybody can be that fast."""
