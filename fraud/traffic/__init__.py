"""Traffic that looks like a bank's, with the frauds in it known. Nothing here is for real money."""
