"""A backtest's result, as the console shows it."""

import json
from datetime import date
from typing import Any
from uuid import UUID

from django.urls import reverse

from fintrust.core.money import Money
from fraud.features.moments import moment_of
from fraud.hits import say
from fraud.models import Backtest


def shown(backtest: Backtest) -> dict[str, Any]:
    """What the template needs; only the state while there is no result."""
    result = backtest.result
    more: dict[str, Any] = {
        "backtest": backtest,
        "working": backtest.status in (Backtest.Status.WAITING, Backtest.Status.RUNNING),
        "rule_page": reverse("admin:fraud_ruleversion_change", args=[backtest.version_id]),
    }
    if not result:
        return more
    return more | {
        "result": result,
        "precision": _percent(result["precision"]),
        "recall": _percent(result["recall"]),
        "money": [_money(code, sums) for code, sums in result["money"].items()],
        "chart": json.dumps(_chart(result["weeks"])),
        "compared": _compared(result["present"]),
        "caught": [_example(one) for one in result["examples"]["caught"]],
        "annoyed": [_example(one) for one in result["examples"]["annoyed"]],
    }


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _money(code: str, sums: dict[str, int]) -> dict[str, Money]:
    return {name.removesuffix("_minor"): Money(minor, code) for name, minor in sums.items()}


def _chart(weeks: list[dict[str, Any]]) -> dict[str, Any]:
    def bars(label: str, colour: str, counts: list[int]) -> dict[str, Any]:
        return {
            "label": label,
            "data": counts,
            "backgroundColor": f"var(--console-{colour})",
            "maxBarThickness": 28,
            "borderRadius": 4,
        }

    unknown = [week["flagged"] - week["caught"] - week["annoyed"] for week in weeks]
    return {
        "labels": [f"{date.fromisoformat(week['start']):%-d %b}" for week in weeks],
        "datasets": [
            bars("Frauds caught", "good", [week["caught"] for week in weeks]),
            bars("Good payments stopped", "bad", [week["annoyed"] for week in weeks]),
            bars("Stopped, outcome unknown", "waiting", unknown),
        ],
    }


def _compared(present: dict[str, dict[str, int]]) -> list[tuple[str, dict[str, int]]]:
    return [
        ("Only this rule", present["only_this"]),
        ("Only rules in force", present["only_in_force"]),
        ("Rules in force together", present["in_force"]),
    ]


def _example(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "amount": say(one["amount_minor"], one["currency"]),
        "at": moment_of(one["at_us"]),
        "page": reverse("admin:fraud_decision_change", args=[UUID(one["decision"])]),
    }
