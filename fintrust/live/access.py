"""Who may watch the feed, and who may do something about what they see."""

from typing import Any

from fintrust.core import roles
from fintrust.live.policy import WATCHERS


def may_watch(user: Any) -> bool:
    return bool(user.is_authenticated and user.is_active and roles.has(user, *WATCHERS))


def may_acknowledge(user: Any) -> bool:
    return bool(user.has_perm("fraud.acknowledge_alert"))
