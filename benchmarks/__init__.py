"""Each module prints its figures last, as lines `name value`: `python -m benchmarks.NAME`."""
