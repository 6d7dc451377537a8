"""What a transfer looks like from one of its sides."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from banking import selectors
from banking.fx.terms import spelled
from banking.models import Account, Transfer
from fintrust.core.api import Moment
from fintrust.core.http import PersonApiRequest
from fintrust.core.ids import to_public
from fintrust.core.money import Money


class MoneyView(serializers.Serializer[Money]):
    amount = serializers.SerializerMethodField()
    currency = serializers.CharField()

    def get_amount(self, money: Money) -> str:
        """As text, with all its decimals."""
        return _text(money)


def _text(money: Money) -> str:
    return str(money).partition(" ")[0]


class TransferView(serializers.Serializer[Transfer]):
    """A transfer as one side of it may see it."""

    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(Transfer.Kind.choices)
    status = serializers.ChoiceField(Transfer.Status.choices)
    direction = serializers.SerializerMethodField()
    amount = serializers.SerializerMethodField()
    currency = serializers.SerializerMethodField()
    fee = serializers.SerializerMethodField()
    arrives = serializers.SerializerMethodField()
    rate = serializers.SerializerMethodField()
    source = serializers.SerializerMethodField()  # type: ignore[assignment]
    target = serializers.SerializerMethodField()
    counterparty = serializers.SerializerMethodField()
    note = serializers.CharField()
    asked_at = Moment()
    settled_at = Moment(allow_null=True)
    expires_at = serializers.SerializerMethodField()
    waits_for = serializers.SerializerMethodField()
    verdict = serializers.SerializerMethodField()
    reasons = serializers.SerializerMethodField()
    asked_by = serializers.SerializerMethodField()
    returns = serializers.SerializerMethodField()
    returned = serializers.SerializerMethodField()

    def get_direction(self, transfer: Transfer) -> str:
        """`in`, `out`, or `internal` between two of your own accounts."""
        seen = self._seen(transfer)
        return "internal" if seen.internal else "in" if seen.incoming else "out"

    def get_amount(self, transfer: Transfer) -> str:
        """What was sent; for who is paid, what arrived."""
        return _text(self._felt(transfer))

    def get_currency(self, transfer: Transfer) -> str:
        """Of the amount."""
        return self._felt(transfer).currency

    def get_fee(self, transfer: Transfer) -> str | None:
        """What it cost on top of the amount, for who pays it."""
        return None if self._seen(transfer).incoming else _text(transfer.fee)

    @extend_schema_field(MoneyView(allow_null=True))
    def get_arrives(self, transfer: Transfer) -> Any:
        """What reaches the other side when it has another currency, for who sent it."""
        if self._seen(transfer).incoming or not transfer.crosses:
            return None
        return MoneyView(transfer.arrives).data

    def get_rate(self, transfer: Transfer) -> str | None:
        """How many of the other currency one of yours brought."""
        seen = self._seen(transfer)
        return None if seen.incoming or transfer.rate is None else spelled(transfer.rate)

    def _felt(self, transfer: Transfer) -> Money:
        return transfer.arrives if self._seen(transfer).incoming else transfer.amount

    def get_source(self, transfer: Transfer) -> str | None:
        """Your account, or null: whoever pays you keeps their account to themselves."""
        return self._account(transfer, transfer.source)

    def get_target(self, transfer: Transfer) -> str | None:
        """The account that is paid; null when the money leaves the bank."""
        return self._account(transfer, transfer.target)

    def get_counterparty(self, transfer: Transfer) -> str:
        """The name on the other side."""
        return self._seen(transfer).other

    def get_expires_at(self, transfer: Transfer) -> str | None:
        """Until when a held transfer waits."""
        until = transfer.hold.expires_at if transfer.is_held and transfer.hold else None
        return str(Moment().to_representation(until)) if until else None

    @extend_schema_field(serializers.ChoiceField(["pin", "bank"], allow_null=True))
    def get_waits_for(self, transfer: Transfer) -> str | None:
        """Whose word a held transfer waits for: your PIN, or the bank's alone."""
        if not transfer.is_held or not self._knows(transfer):
            return None
        return "bank" if transfer.decision.review else "pin"

    def get_verdict(self, transfer: Transfer) -> str | None:
        """What was decided, for the side that pays."""
        return transfer.decision.verdict if self._knows(transfer) else None

    def get_reasons(self, transfer: Transfer) -> list[str]:
        """Why, in words, for the side that pays."""
        if not self._knows(transfer):
            return []
        return [reason["text"] for reason in transfer.decision.reasons]

    def get_asked_by(self, transfer: Transfer) -> str | None:
        """Who asked for it, for the side that pays: somebody you share the account with, say."""
        if not self._knows(transfer):
            return None
        return "FinTrust" if transfer.requested_by.is_staff else transfer.requested_by.name

    def get_returns(self, transfer: Transfer) -> str | None:
        """The transfer whose money this one gives back."""
        return to_public(Transfer.prefix, transfer.returns_id) if transfer.returns_id else None

    def get_returned(self, transfer: Transfer) -> bool:
        """Whether its money has gone back since."""
        return bool(getattr(transfer, "was_returned", False))

    def _seen(self, transfer: Transfer) -> selectors.Seen:
        """Once for each, whatever a row asks."""
        known: dict[Any, selectors.Seen] = self.context.setdefault("seen", {})
        if transfer.pk not in known:
            user, on = self.context["user"], self.context.get("on")
            (known[transfer.pk],) = selectors.as_seen_by(user, [transfer], on=on)
        return known[transfer.pk]

    def _knows(self, transfer: Transfer) -> bool:
        return selectors.knows_why(self.context["user"], transfer)

    def _account(self, transfer: Transfer, account: Account) -> str | None:
        """Whoever pays knows both accounts; whoever is paid, only their own."""
        hidden = account.owner_id is None or (
            self._seen(transfer).incoming and account.pk == transfer.source_id
        )
        return None if hidden else account.public_id


def transfer_answer(request: PersonApiRequest, transfer: Transfer) -> Response:
    return Response(TransferView(transfer, context={"user": request.user}).data)
