"""The console's rooms of this app; each file is a topic."""

from fraud.admin import alerts, decisions, stream

__all__ = ["alerts", "decisions", "stream"]
