"""The console's rooms of this app; each file is a topic."""

from fraud.admin import alerts, decisions, learning, limits, rulebook

__all__ = ["alerts", "decisions", "learning", "limits", "rulebook"]
