"""The bank for programs: accounts, money that moves, and what was decided about it.

A transfer that fraud refused did happen: it is stored, judged and can be read. So asking for it
answers 201 with `status: refused`, while a transfer that could not happen at all (no funds, a
frozen account) is a problem and leaves nothing behind. See docs/api.md.
"""

from typing import Any

from django.db.models import Q
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from banking import errors, selectors
from banking.care.selectors import version_of
from banking.care.services import open_account, rename_account
from banking.fx import quotes
from banking.fx.terms import spelled
from banking.limits.selectors import allowance
from banking.models import Account, Right, Transfer
from banking.models.transfers import NOTE_MAX
from banking.numbers import AccountNumberInvalid
from banking.payees.services import find
from banking.selectors import Filters, InvalidCursor
from banking.sharing.selectors import shared_with
from banking.transfers import services
from biometrics.errors import PinLocked, PinNotSet, PinWrong
from fintrust.core import devices, idempotency, money
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
from fintrust.core.etags import (
    ETAG,
    IF_MATCH,
    PreconditionFailed,
    PreconditionRequired,
    etag,
    if_match,
)
from fintrust.core.http import PersonApiRequest
from fintrust.core.ids import to_public
from fintrust.core.models import User
from fintrust.core.money import Money
from fintrust.core.where import Where, heard
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
    overdraft = AmountText(help_text="How far below zero it may sink.")
    opened_at = Moment()
    access = serializers.SerializerMethodField()
    owner = serializers.SerializerMethodField()

    def get_access(self, account: Account) -> str:
        """`own`, or for an account that is shared with you `view` or `operate`."""
        share = self._share(account)
        return share.right if share else "own"

    def get_owner(self, account: Account) -> str | None:
        """Whose it is, when it is shared with you."""
        share = self._share(account)
        return share.account.owner.name if share else None

    def _share(self, account: Account) -> Any:
        return self.context.get("shares", {}).get(account.pk)


def seen_by(user: User) -> dict[str, Any]:
    """What `AccountView` has to know of its reader: what is shared with them."""
    return {"shares": {share.account_id: share for share in shared_with(user)}}


class AccountList(serializers.Serializer[Any]):
    results = AccountView(many=True)


OPENABLE = [choice for choice in Account.Product.choices if choice[0] != Account.Product.INTERNAL]


class NewAccount(Body):
    product = serializers.ChoiceField(OPENABLE)
    currency = Currency()
    name = Text(max_length=80, required=False, allow_blank=True, default="")


class Accounts(APIView):
    @extend_schema(operation_id="accounts_list", responses={200: AccountList})
    def get(self, request: PersonApiRequest) -> Response:
        """Your accounts and those shared with you, in the order they were opened."""
        found = selectors.accounts_for(request.user, Right.VIEW)
        return Response(AccountList({"results": found}, context=seen_by(request.user)).data)

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
        account = open_account(owner=request.user, **body_of(request, NewAccount))
        at = reverse("api-account", kwargs={"account": account.public_id}, request=request)
        return Response(AccountView(account).data, status=201, headers={"Location": at})


class AccountChange(Body):
    name = Text(max_length=80)


def account_answer(request: PersonApiRequest, account: Account) -> Response:
    """An account with its version."""
    body = AccountView(account, context=seen_by(request.user)).data
    return Response(body, headers={"ETag": etag(version_of(account))})


class OneAccount(APIView):
    @extend_schema(operation_id="accounts_read", responses={200: AccountView}, parameters=[ETAG])
    def get(self, request: PersonApiRequest, account: str) -> Response:
        """One account of yours, or shared with you. Anybody else's does not exist."""
        return account_answer(request, selectors.account_for(request.user, account, Right.VIEW))

    @extend_schema(
        operation_id="accounts_change",
        request=AccountChange,
        responses={200: AccountView},
        parameters=[IF_MATCH, ETAG],
        examples=[OpenApiExample("Another name", {"name": "Holiday"}, request_only=True)],
    )
    @raises(errors.AccountNameInvalid, PreconditionRequired, PreconditionFailed)
    def patch(self, request: PersonApiRequest, account: str) -> Response:
        """Call an account of yours something else, if it is still as you have read it."""
        found = selectors.account_for(request.user, account)
        asked, expected = body_of(request, AccountChange), if_match(request)
        changed = rename_account(
            account=found, by=request.user, name=asked["name"], expected=expected
        )
        return account_answer(request, changed)


class WindowView(serializers.Serializer[Any]):
    limit = AmountText()
    sent = AmountText(help_text="Sent, or set aside to be sent.")
    left = AmountText()
    resets_at = Moment()


class LimitsView(serializers.Serializer[Any]):
    """What the account may send. Days and months are the bank's, in UTC."""

    currency = serializers.CharField(source="left.currency")
    left = AmountText(help_text="What can be sent at once without reaching a limit.")
    day = WindowView()
    month = WindowView()
    payments_a_day = serializers.IntegerField(source="count_limit")
    payments_left = serializers.IntegerField(source="count_left")


class AccountLimits(APIView):
    @extend_schema(operation_id="accounts_limits", responses={200: LimitsView})
    def get(self, request: PersonApiRequest, account: str) -> Response:
        """What the account may still send today and this month."""
        return Response(
            LimitsView(allowance(selectors.account_for(request.user, account, Right.VIEW))).data
        )


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
        """Until when a held transfer waits for your PIN."""
        until = transfer.hold.expires_at if transfer.is_held and transfer.hold else None
        return str(Moment().to_representation(until)) if until else None

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


class TransferPage(serializers.Serializer[Any]):
    results = TransferView(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class CashBody(Where, MoneyBody):
    account = Text(max_length=60, help_text="One of your accounts.")


class TransferBody(Where, MoneyBody):
    source = Text(max_length=60, help_text="One of your accounts.")  # type: ignore[assignment]
    target = Text(max_length=60, help_text="Who is paid: an account's id or number.")
    note = Text(max_length=NOTE_MAX, required=False, allow_blank=True, default="")

    target_currency = Currency(
        required=False,
        help_text="The target's currency, when it is another one: you agree to the rate of the"
        " moment. The amount may be in it, too: then so much arrives.",
    )
    quote = Text(
        required=False, max_length=quotes.TOKEN_MAX, help_text="The price you were quoted."
    )


class QuoteBody(MoneyBody):
    source = Text(max_length=60, help_text="One of your accounts.")  # type: ignore[assignment]
    target = Text(max_length=60, help_text="Who is to be paid: an account's id or number.")


class QuoteView(serializers.Serializer[Any]):
    """What a transfer would cost and bring."""

    amount = MoneyView()
    fee = MoneyView()
    total = MoneyView()
    arrives = MoneyView()
    rate = serializers.CharField(allow_null=True, help_text="Null within one currency.")
    quote = serializers.CharField(
        allow_null=True, help_text="Send it with the transfer to get this price."
    )
    expires_at = Moment(allow_null=True)


class PinBody(Body):
    pin = Text(max_length=8, trim_whitespace=False)


IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    pattern=r'^([!#-~][!-~]{0,99}|"([!#-\[\]-~]|\\["\\]){1,100}")$',
    description="Your own name for this request, bare or in quotes. Sent again, it does nothing"
    " again.",
    examples=[OpenApiExample("An order's number", _KEY)],
)
DEVICE = OpenApiParameter(
    devices.HEADER,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    pattern=devices.PATTERN,
    description="Your program's own random name for this installation, on every request. A payment"
    " from a device that is known to be yours is believed more easily.",
    examples=[OpenApiExample("A random name", "9f1c2a7e5b60")],
)
MONEY_HEADERS = [
    IDEMPOTENCY_KEY,
    DEVICE,
    OpenApiParameter(
        "Idempotent-Replayed",
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        response=[200],
        enum=["true"],
        description="This is the stored answer to the same request.",
    ),
]
MONEY_ANSWERS = {200: TransferView, 201: TransferView, 202: TransferView}


def _money_moves(operation: str, body: type[Body], example: dict[str, str]) -> Any:
    """What deposits, withdrawals and transfers have in common for their reader."""
    return extend_schema(
        operation_id=operation,
        request=body,
        responses=MONEY_ANSWERS,
        parameters=MONEY_HEADERS,
        examples=[OpenApiExample("Twelve euro fifty", example, request_only=True)],
    )


_ANY_MONEY = (
    idempotency.IdempotencyKeyMissing,
    idempotency.IdempotencyKeyInvalid,
    idempotency.IdempotencyKeyReused,
    money.InvalidAmount,
    money.AmountTooLarge,
    money.CurrencyMismatch,
    devices.DeviceInvalid,
    errors.UnknownCurrency,
    errors.AccountClosed,
    errors.AccountFrozen,
    errors.BalanceTooLarge,
    errors.InsufficientFunds,
    NotFound,
)


_ANY_PRICE = (errors.NoRate, errors.RateTooOld)


class MoneyDoor(APIView):
    @property
    def throttle_scope(self) -> str:
        return "read" if self.request.method == "GET" else "money"

    def key(self) -> str:
        return idempotency.key_of_header(self.request.headers.get("Idempotency-Key"))

    def answer(self, request: PersonApiRequest, transfer: Transfer) -> Response:
        """201 when it is settled, 202 when it waits, 200 when it is an old answer."""
        body = TransferView(transfer, context={"user": request.user}).data
        if transfer.replayed:
            return Response(body, headers={"Idempotent-Replayed": "true"})
        at = reverse("api-transaction", kwargs={"transfer": transfer.public_id}, request=request)
        return Response(body, status=202 if transfer.is_held else 201, headers={"Location": at})

    def own_account(
        self, user: User, public_id: str, field: str, for_: Right | None = None
    ) -> Account:
        with about(field):
            return selectors.account_for(user, public_id, for_)


class Deposit(MoneyDoor):
    @_money_moves("deposit", CashBody, {"account": _MINE, "amount": "12.50", "currency": "EUR"})
    @raises(*_ANY_MONEY, errors.FundingClosed, errors.DepositTooLarge)
    def post(self, request: PersonApiRequest) -> Response:
        """Put money into an account of yours, from the bank's clearing account (demo funding)."""
        key, asked = self.key(), body_of(request, CashBody)
        account = self.own_account(request.user, asked["account"], "account")
        with heard(asked):
            transfer = services.deposit(
                by=request.user,
                account=account,
                amount=asked["amount"],
                request_id=key,
                channel=Transfer.Channel.API,
            )
        return self.answer(request, transfer)


class Withdraw(MoneyDoor):
    @_money_moves("withdraw", CashBody, {"account": _MINE, "amount": "12.50", "currency": "EUR"})
    @raises(*_ANY_MONEY, errors.AccountLimitReached)
    def post(self, request: PersonApiRequest) -> Response:
        """Take money out of an account of yours."""
        key, asked = self.key(), body_of(request, CashBody)
        account = self.own_account(request.user, asked["account"], "account")
        with heard(asked):
            transfer = services.withdraw(
                by=request.user,
                account=account,
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
        *_ANY_PRICE,
        errors.SameAccount,
        errors.AccountLimitReached,
        errors.UnknownPayee,
        errors.TooManyLooks,
        errors.ViewOnly,
        errors.QuoteExpired,
        errors.QuoteMismatch,
        AccountNumberInvalid,
    )
    def post(self, request: PersonApiRequest) -> Response:
        """Send money from an account of yours, or one you may operate, to anybody's.

        It is judged first: `posted` (201) has moved, `held` (202) waits for your PIN or an
        officer, `refused` (201) stays where it was; `reasons` say why.
        """
        key, asked = self.key(), body_of(request, TransferBody)
        source = self.own_account(request.user, asked["source"], "source", Right.OPERATE)
        with about("target"):
            target = find(by=request.user, text=asked["target"])
        with heard(asked):
            transfer = services.send_transfer(
                by=request.user,
                source=source,
                target=target,
                amount=asked["amount"],
                request_id=key,
                note=asked["note"],
                channel=Transfer.Channel.API,
                target_currency=asked.get("target_currency", ""),
                quote=asked.get("quote", ""),
            )
        return self.answer(request, transfer)


class Quoted(APIView):
    throttle_scope = "money"

    @extend_schema(
        operation_id="transactions_quote",
        request=QuoteBody,
        responses={200: QuoteView},
        examples=[
            OpenApiExample(
                "Twelve euro fifty",
                {"source": _MINE, "target": _THEIRS, "amount": "12.50", "currency": "EUR"},
                request_only=True,
            )
        ],
    )
    @raises(
        *_ANY_PRICE,
        money.InvalidAmount,
        money.AmountTooLarge,
        money.CurrencyMismatch,
        errors.UnknownCurrency,
        errors.UnknownPayee,
        AccountNumberInvalid,
        NotFound,
    )
    def post(self, request: PersonApiRequest) -> Response:
        """What a transfer would cost and bring. Nothing moves and nothing is kept.

        Across currencies the price stands for a minute: send its `quote` with the transfer.
        """
        asked = body_of(request, QuoteBody)
        with about("source"):
            source = selectors.account_for(request.user, asked["source"])
        with about("target"):
            target = selectors.payee_account(asked["target"])
        return Response(QuoteView(quotes.offer(request.user, source, target, asked["amount"])).data)


# --- what became of it ----------------------------------------------------------------------


class HistoryQuery(PageQuery):
    account = Text(
        required=False, max_length=60, help_text="One of your accounts, or one shared with you."
    )
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
        """What left your accounts and what reached them, newest first.

        An account that is shared with you has a history of its own: name it as `account`.
        """
        asked = query_of(request, HistoryQuery)
        found = self._found(request.user, asked)
        context: dict[str, Any] = {"user": request.user}
        if "account" in asked:
            context["on"] = selectors.account_for(request.user, asked["account"], Right.VIEW)
        with about("cursor"):
            page = selectors.transfers_page(found, before=asked.get("cursor"), size=asked["limit"])
        answer = {"results": page.rows, "next_cursor": page.next or None}
        seen = selectors.as_seen_by(request.user, page.rows, on=context.get("on"))
        context["seen"] = {one.transfer.pk: one for one in seen}
        return Response(TransferPage(answer, context=context).data)

    def _found(self, user: User, asked: dict[str, Any]) -> selectors.Transfers:
        with about("account"):
            found = selectors.history(user, _filters(asked))
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
        for name in ("account", "kind", "status", "verdict", "currency", "since", "until")
        if name in asked
    }
    return Filters(**same, **amounts)


class OneTransfer(APIView):
    @extend_schema(operation_id="transactions_read", responses={200: TransferView})
    def get(self, request: PersonApiRequest, transfer: str) -> Response:
        """One transfer on an account that is yours or shared with you."""
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
        errors.RateMoved,
        *_ANY_PRICE,
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
        """Why a transfer from your account was posted, held or refused."""
        found = selectors.transfer_for(request.user, transfer)
        if not selectors.knows_why(request.user, found):
            raise NotFound()
        return Response(DecisionView(found.decision).data)


def _shown(request: PersonApiRequest, transfer: Transfer) -> Response:
    return Response(TransferView(transfer, context={"user": request.user}).data)
