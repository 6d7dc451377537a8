"""Outside accounts and the files for them, for programs. What is read here was never money here."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from banking.errors import UnknownCurrency
from banking.imports import columns, delimited, errors, selectors, services, texts
from banking.imports.dates import ORDERS
from banking.models import Import, OutsideAccount, OutsideEntry
from banking.models.imports import NAME_MAX
from banking.policy import IMPORTS
from banking.selectors import InvalidCursor
from fintrust.core.api import (
    AmountText,
    Body,
    Currency,
    Moment,
    PageQuery,
    Text,
    WholeNumber,
    about,
    body_of,
    query_of,
    raises,
)
from fintrust.core.errors import NotFound
from fintrust.core.http import PersonApiRequest
from fintrust.core.money import AmountTooLarge, InvalidAmount, Money

_SIGNED = r"^-?[0-9]{1,18}(\.[0-9]{1,3})?$"


class TrueOrFalse(serializers.BooleanField):
    """A JSON truth value; "yes" and 1 are not made into one."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


# --- outside accounts -----------------------------------------------------------------------


class OutsideAccountView(serializers.Serializer[OutsideAccount]):
    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    bank = serializers.CharField()
    currency = serializers.CharField()
    lines = serializers.IntegerField()
    opening = AmountText(allow_null=True)
    balance = AmountText(allow_null=True, help_text="The opening balance and the lines, together.")
    held_here = serializers.SerializerMethodField()
    opened_at = Moment()

    def get_held_here(self, account: OutsideAccount) -> bool:
        """Always false: this is what files say, and none of it is money at this bank."""
        return False


class OutsideAccountList(serializers.Serializer[Any]):
    results = OutsideAccountView(many=True)


class OutsideEntryView(serializers.Serializer[OutsideEntry]):
    number = serializers.IntegerField()
    booked = serializers.DateField()
    value_date = serializers.DateField(allow_null=True)
    amount = AmountText(help_text="Negative when money left the outside account.")
    currency = serializers.CharField()
    counterparty = serializers.CharField()
    text = serializers.CharField()
    reference = serializers.CharField()


class OutsideEntryPage(serializers.Serializer[Any]):
    results = OutsideEntryView(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class NewOutsideAccount(Body):
    name = Text(max_length=NAME_MAX)
    bank = Text(max_length=NAME_MAX)
    currency = Currency()
    opening = serializers.RegexField(
        _SIGNED, required=False, help_text="What was there before the first line: '-12.50'."
    )

    def validate_opening(self, text: Any) -> str:
        if not isinstance(self.initial_data["opening"], str):
            raise InvalidAmount("Send the amount as text.", field="opening")
        return str(text)


def opening_of(text: str, currency: str) -> Money:
    """A signed amount, which may be zero; unlike what moves, what was there may be below it."""
    with about("opening"):
        if not text.strip("-0."):
            return Money(0, currency)
        amount = Money.parse(text.removeprefix("-"), currency)
    return -amount if text.startswith("-") else amount


class OutsideAccounts(APIView):
    @extend_schema(operation_id="outside_accounts_list", responses={200: OutsideAccountList})
    def get(self, request: PersonApiRequest) -> Response:
        """Your accounts at other banks, in the order you named them."""
        found = selectors.outside_accounts_of(request.user)
        return Response(OutsideAccountList({"results": found}).data)

    @extend_schema(
        operation_id="outside_accounts_open",
        request=NewOutsideAccount,
        responses={201: OutsideAccountView},
        examples=[
            OpenApiExample(
                "A current account elsewhere",
                {"name": "Girokonto", "bank": "Sparkasse", "currency": "EUR", "opening": "120.00"},
                request_only=True,
            )
        ],
    )
    @raises(
        errors.OutsideAccountsExhausted,
        errors.OutsideNameMissing,
        UnknownCurrency,
        InvalidAmount,
        AmountTooLarge,
    )
    def post(self, request: PersonApiRequest) -> Response:
        """Name an account you keep at another bank, to import its transactions into."""
        asked = body_of(request, NewOutsideAccount)
        opening = asked.pop("opening", None)
        if opening is not None:
            asked["opening"] = opening_of(opening, asked["currency"])
        account = services.open_outside_account(owner=request.user, **asked)
        at = reverse("api-outside-account", kwargs={"outside": account.public_id}, request=request)
        return Response(OutsideAccountView(account).data, status=201, headers={"Location": at})


class OneOutsideAccount(APIView):
    @extend_schema(operation_id="outside_accounts_read", responses={200: OutsideAccountView})
    def get(self, request: PersonApiRequest, outside: str) -> Response:
        """One of your accounts at other banks."""
        found = selectors.outside_account_for(request.user, outside)
        return Response(OutsideAccountView(found).data)

    @extend_schema(operation_id="outside_accounts_delete", responses={204: None})
    def delete(self, request: PersonApiRequest, outside: str) -> Response:
        """Forget an outside account with all its files and lines."""
        found = selectors.outside_account_for(request.user, outside)
        services.delete_outside_account(account=found, by=request.user)
        return Response(status=204)


class EntryQuery(PageQuery):
    text = Text(required=False, max_length=60, help_text="In the name or the text.")


class OutsideEntries(APIView):
    @extend_schema(
        operation_id="outside_accounts_entries",
        parameters=[EntryQuery],
        responses={200: OutsideEntryPage},
    )
    @raises(InvalidCursor)
    def get(self, request: PersonApiRequest, outside: str) -> Response:
        """The lines of an outside account, newest booking first."""
        found, asked = (
            selectors.outside_account_for(request.user, outside),
            query_of(request, EntryQuery),
        )
        with about("cursor"):
            page = selectors.outside_entries_page(
                found,
                before=asked.get("cursor"),
                size=asked["limit"],
                text=asked.get("text", ""),
            )
        answer = {"results": page.rows, "next_cursor": page.next or None}
        return Response(OutsideEntryPage(answer).data)


# --- imports --------------------------------------------------------------------------------


class SampleView(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    booked = serializers.DateField()
    value_date = serializers.DateField(allow_null=True)
    amount = serializers.CharField()
    counterparty = serializers.CharField()
    text = serializers.CharField()
    reference = serializers.CharField()
    known = serializers.BooleanField(help_text="The account has this line already.")


class FaultView(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="The line of a CSV, the entry of a statement.")
    code = serializers.CharField()
    reason = serializers.CharField()
    excerpt = serializers.CharField()


class PreviewView(serializers.Serializer[Any]):
    """What confirming would do, and what would be left out."""

    lines = serializers.IntegerField()
    fresh = serializers.IntegerField(help_text="Lines that would be added.")
    duplicates = serializers.IntegerField()
    faulty = serializers.IntegerField()
    money_in = serializers.CharField()
    money_out = serializers.CharField()
    first = serializers.DateField(allow_null=True)
    last = serializers.DateField(allow_null=True)
    balanced = serializers.BooleanField(
        allow_null=True, help_text="Whether the file's own balances fit its lines, if it has any."
    )
    accounts = serializers.DictField(child=serializers.IntegerField())
    added_before = serializers.DateTimeField(allow_null=True)
    sample = SampleView(many=True)
    faults = FaultView(many=True)


class ImportSummary(serializers.Serializer[Import]):
    id = serializers.CharField(source="public_id")
    account = serializers.CharField(source="account.public_id")
    filename = serializers.CharField()
    format = serializers.ChoiceField(Import.Format.choices)
    bytes = serializers.IntegerField()
    status = serializers.ChoiceField(Import.Status.choices)
    revision = serializers.IntegerField(help_text="Of the preview; confirm this one.")
    position = serializers.IntegerField(help_text="Lines read so far.")
    added = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    problem = serializers.CharField(help_text="A code when the file could not be read, or empty.")
    problem_text = serializers.CharField()
    created_at = Moment()
    ended_at = Moment(allow_null=True)


class ImportView(ImportSummary):
    layout = serializers.SerializerMethodField()
    preview = serializers.SerializerMethodField()

    def get_layout(self, item: Import) -> dict[str, Any]:
        """How the file is read: columns of a CSV, the account chosen in a statement."""
        return dict(item.layout)

    @extend_schema_field(PreviewView(allow_null=True))
    def get_preview(self, item: Import) -> dict[str, Any] | None:
        """What confirming would do; null while the file is being read."""
        return preview_of(item)


def preview_of(item: Import) -> dict[str, Any] | None:
    report = item.report
    if report is None:
        return None

    def money(minor: int) -> str:
        return str(AmountText().to_representation(Money(minor, item.account.currency)))

    same = (
        "lines",
        "fresh",
        "duplicates",
        "faulty",
        "first",
        "last",
        "accounts",
        "faults",
        "added_before",
    )
    sample = [
        {
            **{k: v for k, v in line.items() if k != "amount_minor"},
            "amount": money(line["amount_minor"]),
        }
        for line in report["sample"]
    ]
    return {
        **{name: report[name] for name in same},
        "money_in": money(report["in_minor"]),
        "money_out": money(report["out_minor"]),
        "balanced": report.get("balanced"),
        "sample": sample,
    }


class ImportPage(serializers.Serializer[Any]):
    results = ImportSummary(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class FileBody(Body):
    account = Text(max_length=60, help_text="One of your outside accounts.")
    file = serializers.FileField(allow_empty_file=True, help_text="CSV, OFX or camt.053.")


class ColumnsBody(Body):
    """What you know better than the guess; everything you leave out is guessed or stays."""

    encoding = serializers.ChoiceField(texts.ENCODINGS, required=False)
    delimiter = serializers.ChoiceField(list(delimited.DELIMITERS), required=False)
    quote = serializers.ChoiceField(list(delimited.QUOTES), required=False)
    skip = WholeNumber(
        required=False, min_value=0, max_value=1000, help_text="Records above the first line."
    )
    roles = serializers.ListField(
        child=serializers.ChoiceField(list(columns.ROLES), allow_blank=True),
        required=False,
        min_length=1,
        max_length=IMPORTS.columns_max,
        help_text="What each column means, from the left; empty for what is ignored.",
    )
    date_order = serializers.ChoiceField(ORDERS, required=False)
    decimal = serializers.ChoiceField([",", "."], required=False)
    flip = TrueOrFalse(required=False, help_text="Amounts count the other way round.")
    account = Text(
        required=False,
        max_length=60,
        allow_blank=True,
        help_text="Of several accounts in a statement, the one to take.",
    )


class ConfirmBody(Body):
    revision = WholeNumber(min_value=1, max_value=2**31 - 1, help_text="Of the preview you saw.")


_ANY_FILE = (
    errors.ImportFileTooLarge,
    errors.ImportFileEmpty,
    errors.ImportFormatUnknown,
    errors.ImportFileBroken,
    errors.ImportFileDeclares,
    errors.ImportsWaiting,
    NotFound,
)


class FileDoor(APIView):
    """Changes are counted as what moves money is; whoever waits may ask as often as any reader."""

    @property
    def throttle_scope(self) -> str | None:
        return None if self.request.method == "GET" else "money"


class Imports(FileDoor):
    parser_classes = (MultiPartParser,)

    @extend_schema(operation_id="imports_list", parameters=[PageQuery], responses={200: ImportPage})
    @raises(InvalidCursor)
    def get(self, request: PersonApiRequest) -> Response:
        """The files you brought, newest first."""
        asked = query_of(request, PageQuery)
        with about("cursor"):
            page = selectors.imports_page(
                request.user, before=asked.get("cursor"), size=asked["limit"]
            )
        answer = {"results": page.rows, "next_cursor": page.next or None}
        return Response(ImportPage(answer).data)

    @extend_schema(
        operation_id="imports_upload",
        request={"multipart/form-data": FileBody},
        responses={200: ImportView, 201: ImportView, 202: ImportView},
    )
    @raises(*_ANY_FILE)
    def post(self, request: PersonApiRequest) -> Response:
        """Bring a file of past transactions from another bank. Nothing is added yet.

        201 with a preview, or 202 while a large file is being read. The same file again, while
        it waits, is the same import: 200.
        """
        asked = body_of(request, FileBody)
        with about("account"):
            account = selectors.outside_account_for(request.user, asked["account"])
        file = asked["file"]
        item = services.upload_import(
            by=request.user, account=account, filename=file.name, file=file
        )
        body = ImportView(item).data
        if item.replayed:
            return Response(body)
        at = reverse("api-import", kwargs={"item": item.public_id}, request=request)
        return Response(body, status=202 if item.is_due else 201, headers={"Location": at})


class OneImport(FileDoor):
    @extend_schema(operation_id="imports_read", responses={200: ImportView})
    def get(self, request: PersonApiRequest, item: str) -> Response:
        """One file you brought: how it is read, what it would add, or what became of it."""
        return Response(ImportView(selectors.import_for(request.user, item)).data)

    @extend_schema(
        operation_id="imports_correct",
        request=ColumnsBody,
        responses={200: ImportView},
        examples=[
            OpenApiExample("The month comes first", {"date_order": "MDY"}, request_only=True)
        ],
    )
    @raises(errors.ImportNotReady)
    def patch(self, request: PersonApiRequest, item: str) -> Response:
        """Correct how a file is read; the preview is made anew and has a new revision."""
        asked = body_of(request, ColumnsBody)
        found = selectors.import_for(request.user, item)
        if asked:
            found = services.correct_import(item=found, by=request.user, changes=asked)
        return Response(ImportView(found).data)

    @extend_schema(operation_id="imports_undo", responses={204: None})
    def delete(self, request: PersonApiRequest, item: str) -> Response:
        """Cancel an import, or undo it with every line it added."""
        found = selectors.import_for(request.user, item)
        services.undo_import(item=found, by=request.user)
        return Response(status=204)


class ConfirmImport(FileDoor):
    @extend_schema(
        operation_id="imports_confirm",
        request=ConfirmBody,
        responses={200: ImportView, 202: ImportView},
        examples=[OpenApiExample("The preview you saw", {"revision": 2}, request_only=True)],
    )
    @raises(
        errors.ImportNotReady,
        errors.ImportChanged,
        errors.ImportColumnsUnclear,
        errors.OutsideAccountFull,
    )
    def post(self, request: PersonApiRequest, item: str) -> Response:
        """Add the lines of the preview. Said twice, it is done once."""
        revision = body_of(request, ConfirmBody)["revision"]
        found = selectors.import_for(request.user, item)
        done = services.confirm_import(item=found, by=request.user, revision=revision)
        return Response(ImportView(done).data, status=202 if done.is_due else 200)
