"""The console's rooms of this app; each file is a topic."""

from fraud.admin import (
    alerts,
    cases,
    costs,
    decisions,
    labels,
    learning,
    limits,
    lists,
    profile,
    rulebook,
    stream,
)

__all__ = [
    "alerts",
    "cases",
    "costs",
    "decisions",
    "labels",
    "learning",
    "limits",
    "lists",
    "profile",
    "rulebook",
    "stream",
]
