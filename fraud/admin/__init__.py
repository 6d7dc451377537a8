"""The console's rooms of this app; each file is a topic."""

from fraud.admin import alerts, decisions, limits

__all__ = ["alerts", "decisions", "limits"]
