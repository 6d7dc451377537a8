"""Small tags the templates are written with: icons, where we are, what a status looks like."""

import re
from datetime import datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django import template
from django.forms import BoundField
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils import dateformat, timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


class Look(NamedTuple):
    label: str
    tone: str
    icon: str


# One word, one tone and one icon for each status a person can meet, whatever table it is from.
LOOKS = {
    "posted": Look("Done", "success", "check"),
    "done": Look("Added", "success", "check"),
    "ready": Look("Waits for you", "warning", "hourglass"),
    "checking": Look("Being read", "info", "clock"),
    "adding": Look("Being added", "info", "clock"),
    "pending": Look("Pending", "info", "clock"),
    "held": Look("On hold", "warning", "hourglass"),
    "refused": Look("Refused", "error", "ban"),
    "expired": Look("Expired", "neutral", "clock"),
    "cancelled": Look("Cancelled", "neutral", "x"),
    "failed": Look("Failed", "error", "circle-alert"),
    "returned": Look("Returned", "neutral", "arrow-left"),
    "released": Look("Released", "success", "check"),
    "open": Look("Open", "success", "check"),
    "active": Look("Active", "success", "check"),
    "frozen": Look("Frozen", "warning", "snowflake"),
    "closed": Look("Closed", "neutral", "lock"),
    "revoked": Look("Stopped", "neutral", "ban"),
    "verified": Look("Verified", "success", "check"),
    "unverified": Look("Not confirmed", "warning", "circle-alert"),
    "match": Look("Name matches", "success", "check"),
    "paused": Look("Paused", "neutral", "clock"),
    "ended": Look("Ended", "neutral", "x"),
    "skipped": Look("Skipped", "neutral", "arrow-right"),
    "waiting": Look("Tried again today", "warning", "hourglass"),
    "current": Look("This device", "primary", "check"),
    "allow": Look("Allowed", "success", "check"),
    "step_up": Look("Needs confirming", "warning", "key-round"),
    "hold": Look("On hold", "warning", "hourglass"),
    "refuse": Look("Refused", "error", "ban"),
}


@register.simple_tag
@lru_cache(maxsize=1000)  # a page has dozens, and the address of the sprite is made from its hash
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """One icon of the sprite. Without a label it is decoration and silent to screen readers."""
    voice = (
        format_html('role="img" aria-label="{}"', label)
        if label
        else mark_safe('aria-hidden="true"')
    )
    return format_html(
        '<svg class="icon{}" {}><use href="{}#{}"></use></svg>',
        f" icon-{size}" if size else "",
        voice,
        static("icons.svg"),
        name,
    )


@register.inclusion_tag("components/_status.html")
def status(value: Any, label: str = "") -> dict[str, Any]:
    """The badge of a status; one we have no look for is shown as its own word."""
    look = LOOKS.get(str(value).lower())
    words = label or (look.label if look else str(value).replace("_", " ").capitalize())
    return {
        "label": words,
        "tone": look.tone if look else "neutral",
        "icon": look.icon if look else "",
    }


@register.simple_tag(takes_context=True)
def here(context: dict[str, Any], *names: str) -> SafeString:
    """`aria-current` for a link, when the page we are on has one of these url names (`mfa_*`)."""
    request: HttpRequest | None = context.get("request")
    match = request.resolver_match if request else None
    if match and any(fnmatchcase(match.url_name or "", name) for name in names):
        return mark_safe('aria-current="page"')
    return mark_safe("")


@register.simple_tag(takes_context=True)
def keeping(context: dict[str, Any], **changes: Any) -> str:
    """The query string of this page with some parts changed; None takes a part away."""
    query = context["request"].GET.dict()
    query.update({key: str(value) for key, value in changes.items() if value is not None})
    for key, value in changes.items():
        if value is None:
            query.pop(key, None)
    return "?" + urlencode(query)


@register.filter
def moment(at: datetime) -> SafeString:
    """Day and time on the reader's clock, with the year only when it is not this one.

    One filter rather than five in a template: a list has fifty of them.
    """
    local, now = timezone.localtime(at), timezone.localtime()
    text = dateformat.format(local, "j M, H:i" if local.year == now.year else "j M Y, H:i")
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), text)


@register.filter
def affix(field: BoundField, side: str) -> str:
    """What stands beside the input: widget attributes `data-prefix` and `data-suffix`."""
    return str(field.field.widget.attrs.get(f"data-{side}", ""))


@register.filter
def prose(text: str) -> SafeString:
    """Paragraphs as docs/ writes them: lines are joined, and `code` becomes code."""
    paragraphs = re.split(r"\n\s*\n", escape(text.strip()))
    coded = (re.sub(r"`([^`]+)`", r"<code>\1</code>", paragraph) for paragraph in paragraphs)
    return mark_safe("".join(f"<p>{' '.join(one.split())}</p>" for one in coded))


@register.filter
def tone_of(tags: str) -> str:
    """The tone of one of Django's messages."""
    for tone in ("error", "warning", "success"):
        if tone in tags:
            return tone
    return "info"


Marks = tuple[tuple[str, str], ...]
_BROWSERS: Marks = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Marks = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)


def _first(user_agent: str, marks: Marks) -> str:
    return next((name for mark, name in marks if mark in user_agent), "")


@register.filter
def device(user_agent: str) -> str:
    """A device as its owner would call it: "Firefox on Linux". Order matters: browsers claim to
    be each other, and the most particular mark is the true one."""
    browser, system = _first(user_agent, _BROWSERS), _first(user_agent, _SYSTEMS)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "An unknown device"


@register.filter
def device_is_phone(user_agent: str) -> bool:
    return "Mobile" in user_agent or "iPhone" in user_agent
