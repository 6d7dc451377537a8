"""What all reading rooms of this app share."""

import json
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from fintrust.core.admin_base import ReadOnlyAdmin, RecordsViews
from fintrust.core.errors import NotFound
from fintrust.core.ids import from_public
from fintrust.core.models import User
from fraud.models import Decision


class FraudAdmin(RecordsViews, ReadOnlyAdmin):
    """Searched by public ids and the customer's address; exact, so that it stays quick."""

    list_filter_submit = True
    search_fields = ("pk",)  # shows the field; what it finds is `get_search_results`
    search_help_text = "A public id (dec_…, alr_…, trf_…, usr_…) or the customer's e-mail address"
    owner_field = "customer"
    by_customer, by_subject, by_decision = "customer", "subject", "pk"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        return (queryset.filter(self._matching(text)) if text else queryset), False

    def _matching(self, text: str) -> Q:
        if customer := id_in(User.prefix, text):
            return Q(**{self.by_customer: customer})
        if decision := id_in(Decision.prefix, text):
            return Q(**{self.by_decision: decision})
        return Q(**{self.by_subject: text}) | Q(**{f"{self.by_customer}__email": text.lower()})


def id_in(prefix: str, text: str) -> UUID | None:
    try:
        return from_public(prefix, text)
    except NotFound:
        return None


def pretty(value: dict[str, Any]) -> str:
    """One line for each member, in the order they are declared in."""
    lines = (f"  {json.dumps(key)}: {json.dumps(value[key], ensure_ascii=False)}" for key in value)
    return format_html("<pre>{{\n{}\n}}</pre>", ",\n".join(lines))
