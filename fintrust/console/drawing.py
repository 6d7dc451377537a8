"""Charts of the console, as the theme draws them: data and options in JSON."""

import json
from collections.abc import Sequence
from typing import Any

PRIMARY, GOOD, WAITING, BAD = (
    f"var(--console-{name})" for name in ("primary", "good", "waiting", "bad")
)
_TICKS = {"color": "#808a95"}


def bars(
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[float], str]],
    *,
    stacked: bool = False,
) -> dict[str, str]:
    """Bars of one or several series (name, values, colour)."""
    sets = [
        {
            "label": name,
            "data": list(values),
            "backgroundColor": colour,
            "maxBarThickness": 36,
            "borderRadius": 0 if stacked else 4,
        }
        for name, values, colour in series
    ]
    return _chart(labels, sets, stacked=stacked)


def lines(
    labels: Sequence[str], series: Sequence[tuple[str, Sequence[float | None], str]]
) -> dict[str, str]:
    """Lines; a missing value is a gap."""
    sets = [
        {
            "label": name,
            "data": list(values),
            "borderColor": colour,
            "backgroundColor": colour,
            "borderWidth": 2,
            "pointRadius": 2,
            "tension": 0.25,
        }
        for name, values, colour in series
    ]
    return _chart(labels, sets, stacked=False)


def _chart(labels: Sequence[str], sets: list[dict[str, Any]], *, stacked: bool) -> dict[str, str]:
    several = len(sets) > 1
    legend = {"display": several, "position": "bottom", "labels": _TICKS | {"boxWidth": 10}}
    options = {
        "maintainAspectRatio": False,
        "animation": False,
        "plugins": {"legend": legend},
        "scales": {
            "x": {
                "stacked": stacked,
                "grid": {"display": False},
                "ticks": _TICKS | {"maxRotation": 0, "autoSkipPadding": 12},
            },
            "y": {
                "stacked": stacked,
                "beginAtZero": True,
                "border": {"display": False},
                "ticks": _TICKS | {"maxTicksLimit": 5},
            },
        },
    }
    return {
        "value": json.dumps({"labels": list(labels), "datasets": sets}),
        "options": json.dumps(options),
    }
