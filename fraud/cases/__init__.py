"""Cases: alerts about one customer, looked into together, with an outcome that teaches."""
