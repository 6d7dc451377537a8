"""The console's rooms of this app; each file is a topic."""

from fraud.admin import alerts, decisions, profile

__all__ = ["alerts", "decisions", "profile"]
