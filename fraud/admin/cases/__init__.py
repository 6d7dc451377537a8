"""Cases: a queue in the order of work, a case with its story and deeds, reports about it."""

from fraud.admin.cases import case, reports

__all__ = ["case", "reports"]
