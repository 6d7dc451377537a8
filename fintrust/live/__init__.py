"""The support feed: what happens in the bank, as it happens, with customers masked."""
