"""The bank for programs: accounts, money that moves, and what was decided about it.

A transfer that fraud refused did happen: it is stored, judged and can be read. So asking for it
answers 201 with `status: refused`, while a transfer that could not happen at all (no funds, a
frozen account) is a problem and leaves nothing behind. See docs/api.md.
"""

from typing import Any

from django.db.models import Q
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from banking import errors, selectors, services
from banking.models import Account, Transfer
from banking.models.transfers import NOTE_MAX
from banking.numbers import AccountNumberInvalid
from banking.payees.services import find
from banking.selectors import Filters, InvalidCursor
from biometrics.errors import PinLocked, PinNotSet, PinWrong
from fintrust.core import idempotency, money
from fintrust.core.api import (
    Amount,
    AmountText,
    Body,
    Currency,
    Moment,
    MoneyBody,
    PageQuery,
    Text,
    about,
    body_of,
    query_of,
    raises,
)
from fintrust.core.errors import Invalid, NotFound
from fintrust.core.http import PersonApiRequest
from fintrust.core.models import User
from fintrust.core.money import Money
from fraud.models import Decision

_MINE = "acc_01kahkf19qf7wa2mgdb9wkbn4w"
_THEIRS = "acc_01kahkf19qf7wa2mgdb9wkbn4x"
_KEY = "a0d6e5c2-order-1017"


# --- accounts -------------------------------------------------------------------------------


class AccountView(serializers.Serializer[Account]):
    id = serializers.CharField(source="public_id")
    number = serializers.CharField()
    name = serializers.CharField()
    product = serializers.ChoiceField(Account.Product.choices)
    currency = serializers.CharField()
    status = serializers.ChoiceField(Account.Status.choices)
    balance = AmountText()
    available = AmountText()
    held = AmountText()
    opened_at = Moment()


class AccountList(serializers.Serializer[Any]):
    results = AccountView(many=True)


class BalanceView(serializers.Serializer[Account]):
    account = serializers.CharField(source="public_id")
    currency = serializers.CharField()
    balance = AmountText()
    available = AmountText(help_text="The balance without what is held.")
    held = AmountText()


OPENABLE = [choice for choice in Account.Product.choices if choice[0] != Account.Product.INTERNAL]


class NewAccount(Body):
    product = serializers.ChoiceField(OPENABLE)
    currency = Currency()
    name = Text(max_length=80, required=False, allow_blank=True, default="")


class Accounts(APIView):
    @extend_schema(operation_id="accounts_list", responses={200: AccountList})
    def get(self, request: PersonApiRequest) -> Response:
        """Your accounts, in the order they were opened."""
        return Response(AccountList({"results": selectors.accounts_of(request.user)}).data)

    @extend_schema(
        operation_id="accounts_open",
        request=NewAccount,
        responses={201: AccountView},
        examples=[
            OpenApiExample(
                "A savings account",
                {"product": "savings", "currency": "EUR", "name": "Holiday"},
                request_only=True,
            )
        ],
    )
    @raises(errors.AccountsExhausted, errors.UnknownCurrency)
    def post(self, request: PersonApiRequest) -> Response:
        """Open an account."""
        account = services.open_account(owner=request.user, **body_of(request, NewAccount))
        at = reverse("api-account", kwargs={"account": account.public_id}, request=request)
        return Response(AccountView(account).data, status=201, headers={"Location": at})


class OneAccount(APIView):
    @extend_schema(operation_id="accounts_read", responses={200: AccountView})
    def get(self, request: PersonApiRequest, account: str) -> Response:
        """One of your accounts. Somebody else's does not exist."""
        return Response(AccountView(selectors.account_for(request.user, account)).data)


class Balance(APIView):
    @extend_schema(operation_id="accounts_balance", responses={200: BalanceView})
    def get(self, request: PersonApiRequest, account: str) -> Response:
        """What is on the account, what is held, and what can be spent."""
        return Response(BalanceView(selectors.account_for(request.user, account)).data)


# --- moving money ---------------------------------------------------------------------------


class Reason(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField()
    weight = serializers.FloatField()


class DecisionView(serializers.Serializer[Decision]):
    id = serializers.CharField(source="public_id")
    transfer = serializers.CharField(source="subject")
    verdict = serializers.ChoiceField(Decision.Verdict.choices)
    risk_level = serializers.ChoiceField(Decision.Risk.choices)
    score = serializers.FloatField(min_value=0, max_value=1)
    reasons = Reason(many=True)
    ruleset = serializers.CharField()
    at = Moment()


class TransferView(serializers.Serializer[Transfer]):
    """A transfer as one side of it may see it."""

    id = serializers.CharField(source="public_id")
    kind = serializers.ChoiceField(Transfer.Kind.choices)
    status = serializers.ChoiceField(Transfer.Status.choices)
    direction = serializers.SerializerMethodField()
    amount = AmountText()
    currency = serializers.CharField()
    source = serializers.SerializerMethodField()  # type: ignore[assignment]
    target = serializers.SerializerMethodField()
    counterparty = serializers.SerializerMethodField()
    note = serializers.CharField()
    asked_at = Moment()
    settled_at = Moment(allow_null=True)
    expires_at = serializers.SerializerMethodField()
    verdict = serializers.SerializerMethodField()
    reasons = serializers.SerializerMethodField()

    def get_direction(self, transfer: Transfer) -> str:
        """`in`, `out`, or `internal` between two of your own accounts."""
        seen = self._seen(transfer)
        return "internal" if seen.internal else "in" if seen.incoming else "out"

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
        """Until when a held transfer waits for your PIN."""
        until = transfer.hold.expires_at if transfer.is_held and transfer.hold else None
        return str(Moment().to_representation(until)) if until else None

    def get_verdict(self, transfer: Transfer) -> str | None:
        """What was decided, for who asked."""
        return transfer.decision.verdict if self._asked(transfer) else None

    def get_reasons(self, transfer: Transfer) -> list[str]:
        """Why, in words, for who asked."""
        if not self._asked(transfer):
            return []
        return [reason["text"] for reason in transfer.decision.reasons]

    def _seen(self, transfer: Transfer) -> selectors.Seen:
        """Once for each, whatever a row asks."""
        known: dict[Any, selectors.Seen] = self.context.setdefault("seen", {})
        if transfer.pk not in known:
            (known[transfer.pk],) = selectors.as_seen_by(self.context["user"], [transfer])
        return known[transfer.pk]

    def _asked(self, transfer: Transfer) -> bool:
        return transfer.requested_by_id == self.context["user"].pk

    def _account(self, transfer: Transfer, account: Account) -> str | None:
        mine = account.owner_id == self.context["user"].pk
        paid = account.owner_id is not None and self._asked(transfer)
        return account.public_id if mine or paid else None


class TransferPage(serializers.Serializer[Any]):
    results = TransferView(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class CashBody(MoneyBody):
    account = Text(max_length=60, help_text="One of your accounts.")


class TransferBody(MoneyBody):
    source = Text(max_length=60, help_text="One of your accounts.")  # type: ignore[assignment]
    target = Text(max_length=60, help_text="Who is paid: an account's id or number.")
    note = Text(max_length=NOTE_MAX, required=False, allow_blank=True, default="")


class PinBody(Body):
    pin = Text(max_length=8, trim_whitespace=False)


def _money_moves(operation: str, body: type[Body], example: dict[str, str]) -> Any:
    """What deposits, withdrawals and transfers have in common for their reader."""
    return extend_schema(
        operation_id=operation,
        request=body,
        responses={200: TransferView, 201: TransferView, 202: TransferView},
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                required=True,
                pattern="^[!-~]{1,100}$",
                description="Your own name for this request. Sent again, it moves no money again.",
                examples=[OpenApiExample("An order's number", _KEY)],
            ),
            OpenApiParameter(
                "Idempotent-Replayed",
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                response=[200],
                enum=["true"],
                description="This is the stored answer to the same request.",
            ),
        ],
        examples=[OpenApiExample("Twelve euro fifty", example, request_only=True)],
    )


_ANY_MONEY = (
    idempotency.IdempotencyKeyMissing,
    idempotency.IdempotencyKeyInvalid,
    idempotency.IdempotencyKeyReused,
    money.InvalidAmount,
    money.AmountTooLarge,
    money.CurrencyMismatch,
    errors.UnknownCurrency,
    errors.AccountClosed,
    errors.AccountFrozen,
    errors.BalanceTooLarge,
    errors.InsufficientFunds,
    NotFound,
)


class MoneyDoor(APIView):
    throttle_scope = "money"

    def key(self) -> str:
        return idempotency.clean_key(self.request.headers.get("Idempotency-Key"))

    def answer(self, request: PersonApiRequest, transfer: Transfer) -> Response:
        """201 when it is settled, 202 when it waits, 200 when it is an old answer."""
        body = TransferView(transfer, context={"user": request.user}).data
        if transfer.replayed:
            return Response(body, headers={"Idempotent-Replayed": "true"})
        at = reverse("api-transaction", kwargs={"transfer": transfer.public_id}, request=request)
        return Response(body, status=202 if transfer.is_held else 201, headers={"Location": at})

    def own_account(self, user: User, public_id: str, field: str) -> Account:
        with about(field):
            return selectors.account_for(user, public_id)


class Deposit(MoneyDoor):
    @_money_moves("deposit", CashBody, {"account": _MINE, "amount": "12.50", "currency": "EUR"})
    @raises(*_ANY_MONEY, errors.FundingClosed, errors.DepositTooLarge)
    def post(self, request: PersonApiRequest) -> Response:
        """Put money into an account of yours, from the bank's clearing account (demo funding)."""
        key, asked = self.key(), body_of(request, CashBody)
        transfer = services.deposit(
            by=request.user,
            account=self.own_account(request.user, asked["account"], "account"),
            amount=asked["amount"],
            request_id=key,
            channel=Transfer.Channel.API,
        )
        return self.answer(request, transfer)


class Withdraw(MoneyDoor):
    @_money_moves("withdraw", CashBody, {"account": _MINE, "amount": "12.50", "currency": "EUR"})
    @raises(*_ANY_MONEY)
    def post(self, request: PersonApiRequest) -> Response:
        """Take money out of an account of yours."""
        key, asked = self.key(), body_of(request, CashBody)
        transfer = services.withdraw(
            by=request.user,
            account=self.own_account(request.user, asked["account"], "account"),
            amount=asked["amount"],
            request_id=key,
            channel=Transfer.Channel.API,
        )
        return self.answer(request, transfer)


class Send(MoneyDoor):
    @_money_moves(
        "transfer",
        TransferBody,
        {
            "source": _MINE,
            "target": _THEIRS,
            "amount": "12.50",
            "currency": "EUR",
            "note": "Lunch",
        },
    )
    @raises(
        *_ANY_MONEY,
        errors.SameAccount,
        errors.UnknownPayee,
        errors.TooManyLooks,
        AccountNumberInvalid,
    )
    def post(self, request: PersonApiRequest) -> Response:
        """Send money from an account of yours to anybody's.

        It is judged first: `posted` (201) has moved, `held` (202) waits for your PIN or an
        officer, `refused` (201) stays where it was; `reasons` say why.
        """
        key, asked = self.key(), body_of(request, TransferBody)
        source = self.own_account(request.user, asked["source"], "source")
        with about("target"):
            target = find(by=request.user, text=asked["target"])
        transfer = services.send_transfer(
            by=request.user,
            source=source,
            target=target,
            amount=asked["amount"],
            request_id=key,
            note=asked["note"],
            channel=Transfer.Channel.API,
        )
        return self.answer(request, transfer)


# --- what became of it ----------------------------------------------------------------------


class HistoryQuery(PageQuery):
    account = Text(required=False, max_length=60, help_text="One of your accounts.")
    counterparty = Text(required=False, max_length=60, help_text="An account's id or number.")
    kind = serializers.ChoiceField(Transfer.Kind.choices, required=False)
    status = serializers.ChoiceField(Transfer.Status.choices, required=False)
    verdict = serializers.ChoiceField(Decision.Verdict.choices, required=False)
    currency = Currency(required=False)
    min_amount = Amount(required=False, help_text="At least so much; needs `currency`.")
    max_amount = Amount(required=False, help_text="At most so much; needs `currency`.")
    since = serializers.DateTimeField(required=False, help_text="Asked at or after.")
    until = serializers.DateTimeField(required=False, help_text="Asked before.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name in ("min_amount", "max_amount"):
            if name in attrs:
                if "currency" not in attrs:
                    raise Invalid("An amount needs its currency.", field="currency")
                with about(name):
                    attrs[name] = Money.parse(attrs[name], attrs["currency"])
        return attrs


class History(APIView):
    @extend_schema(
        operation_id="transactions_list",
        parameters=[HistoryQuery],
        responses={200: TransferPage},
    )
    @raises(
        money.InvalidAmount,
        money.AmountTooLarge,
        InvalidCursor,
        AccountNumberInvalid,
        errors.UnknownPayee,
        NotFound,
    )
    def get(self, request: PersonApiRequest) -> Response:
        """What you asked for and what you were sent, newest first."""
        asked = query_of(request, HistoryQuery)
        found = self._found(request.user, asked)
        with about("cursor"):
            page = selectors.transfers_page(found, before=asked.get("cursor"), size=asked["limit"])
        answer = {"results": page.rows, "next_cursor": page.next or None}
        seen = {one.transfer.pk: one for one in selectors.as_seen_by(request.user, page.rows)}
        return Response(TransferPage(answer, context={"user": request.user, "seen": seen}).data)

    def _found(self, user: User, asked: dict[str, Any]) -> selectors.Transfers:
        with about("account"):
            found = selectors.history(user, _filters(asked))
        if "currency" in asked:
            found = found.filter(currency=asked["currency"])
        if "counterparty" in asked:
            with about("counterparty"):
                other = selectors.account_id(asked["counterparty"])
            found = found.filter(Q(source=other) | Q(target=other))
        return found


def _filters(asked: dict[str, Any]) -> Filters:
    amounts = {
        f"amount_{end}": asked[f"{end}_amount"].minor
        for end in ("min", "max")
        if f"{end}_amount" in asked
    }
    same = {
        name: asked[name]
        for name in ("account", "kind", "status", "verdict", "since", "until")
        if name in asked
    }
    return Filters(**same, **amounts)


class OneTransfer(APIView):
    @extend_schema(operation_id="transactions_read", responses={200: TransferView})
    def get(self, request: PersonApiRequest, transfer: str) -> Response:
        """One transfer that you asked for or were sent."""
        return _shown(request, selectors.transfer_for(request.user, transfer))


class Confirm(APIView):
    throttle_scope = "money"

    @extend_schema(
        operation_id="transactions_confirm",
        request=PinBody,
        responses={200: TransferView},
        examples=[OpenApiExample("Your PIN", {"pin": "4711"}, request_only=True)],
    )
    @raises(
        errors.TransferNotHeld,
        errors.HoldExpired,
        errors.AccountFrozen,
        errors.AccountClosed,
        errors.BalanceTooLarge,
        PinNotSet,
        PinWrong,
        PinLocked,
    )
    def post(self, request: PersonApiRequest, transfer: str) -> Response:
        """Send a held transfer on its way, with your PIN."""
        pin = body_of(request, PinBody)["pin"]
        held = selectors.transfer_for(request.user, transfer)
        return _shown(request, services.confirm_transfer(transfer=held, by=request.user, pin=pin))


class Cancel(APIView):
    throttle_scope = "money"

    @extend_schema(operation_id="transactions_cancel", request=None, responses={200: TransferView})
    @raises(errors.TransferNotHeld, errors.HoldExpired)
    def post(self, request: PersonApiRequest, transfer: str) -> Response:
        """Take a held transfer back; the money stays yours."""
        held = selectors.transfer_for(request.user, transfer)
        return _shown(request, services.cancel_transfer(transfer=held, by=request.user))


class OneDecision(APIView):
    @extend_schema(operation_id="transactions_decision", responses={200: DecisionView})
    def get(self, request: PersonApiRequest, transfer: str) -> Response:
        """Why a transfer you asked for was posted, held or refused."""
        found = selectors.transfer_for(request.user, transfer)
        if found.requested_by_id != request.user.pk:
            raise NotFound()
        return Response(DecisionView(found.decision).data)


def _shown(request: PersonApiRequest, transfer: Transfer) -> Response:
    return Response(TransferView(transfer, context={"user": request.user}).data)
