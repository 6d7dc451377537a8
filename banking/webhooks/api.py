"""Webhooks for programs: where to be told, with which secret, and how the telling went."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from banking.models import Delivery, Webhook
from banking.models.webhooks import URL_MAX
from banking.selectors import InvalidCursor
from banking.webhooks import errors, selectors, services
from fintrust.core.api import Body, Moment, PageQuery, Text, about, body_of, query_of, raises
from fintrust.core.etags import (
    ETAG,
    IF_MATCH,
    PreconditionFailed,
    PreconditionRequired,
    if_match,
)
from fintrust.core.http import PersonApiRequest

_EXAMPLE = "https://example.org/fintrust"
WEBHOOK_STATES = [choice for choice in Webhook.Status.choices if choice[0] != "deleted"]


def _events() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.ChoiceField(selectors.KINDS),
        required=False,
        max_length=len(selectors.KINDS),
        help_text="The kinds of events to send; none for all.",
    )


class NewWebhook(Body):
    url = Text(max_length=URL_MAX, help_text="An https address on the public internet.")
    events = _events()


class WebhookChange(Body):
    url = Text(max_length=URL_MAX, required=False)
    events = _events()
    active = serializers.BooleanField(required=False, help_text="False pauses it.")


class WebhookView(serializers.Serializer[Webhook]):
    id = serializers.CharField(source="public_id")
    url = serializers.CharField()
    events = serializers.ListField(child=serializers.ChoiceField(selectors.KINDS))
    status = serializers.ChoiceField(WEBHOOK_STATES)
    failing_since = Moment(allow_null=True)
    created_at = Moment()


class WebhookMade(WebhookView):
    secret = serializers.SerializerMethodField()

    def get_secret(self, webhook: Webhook) -> str:
        """What deliveries are signed with. It is shown here, and never again."""
        return str(self.context["secret"])


class WebhookList(serializers.Serializer[Any]):
    results = WebhookView(many=True)


class SecretView(serializers.Serializer[Any]):
    secret = serializers.CharField(help_text="It is shown here, and never again.")


class DeliveryView(serializers.Serializer[Delivery]):
    id = serializers.CharField(source="public_id", help_text="The `webhook-id` of every attempt.")
    type = serializers.CharField(source="kind")
    status = serializers.ChoiceField(Delivery.Status.choices)
    attempts = serializers.IntegerField()
    answered = serializers.IntegerField(
        allow_null=True, help_text="The status code of the newest attempt, if there was one."
    )
    excerpt = serializers.CharField(
        help_text="How that answer began, or why there was none. Not ours: do not trust it."
    )
    created_at = Moment()
    attempted_at = Moment(allow_null=True)
    next_at = Moment(allow_null=True)
    payload = serializers.SerializerMethodField()

    @extend_schema_field(OpenApiTypes.STR)
    def get_payload(self, delivery: Delivery) -> str:
        """The body, to the byte."""
        return delivery.body


class DeliveryPage(serializers.Serializer[Any]):
    results = DeliveryView(many=True)
    next_cursor = serializers.CharField(allow_null=True)


def _answer(webhook: Webhook) -> Response:
    tag = f'"{selectors.version_of(webhook)}"'
    return Response(WebhookView(webhook).data, headers={"ETag": tag})


class Webhooks(APIView):
    @extend_schema(operation_id="webhooks_list", responses={200: WebhookList})
    def get(self, request: PersonApiRequest) -> Response:
        """Your webhooks, in the order they were made."""
        return Response(WebhookList({"results": selectors.webhooks_of(request.user)}).data)

    @extend_schema(
        operation_id="webhooks_create",
        request=NewWebhook,
        responses={201: WebhookMade},
        examples=[
            OpenApiExample(
                "What arrives and what waits",
                {"url": _EXAMPLE, "events": ["transfer.posted", "transfer.held"]},
                request_only=True,
            )
        ],
    )
    @raises(errors.WebhookUrlInvalid, errors.WebhooksExhausted)
    def post(self, request: PersonApiRequest) -> Response:
        """Be told at an address what happens to your transfers from now on."""
        asked = body_of(request, NewWebhook)
        webhook, secret = services.create_webhook(owner=request.user, **asked)
        at = reverse("api-webhook", kwargs={"webhook": webhook.public_id}, request=request)
        body = WebhookMade(webhook, context={"secret": secret}).data
        return Response(body, status=201, headers={"Location": at})


class OneWebhook(APIView):
    @extend_schema(operation_id="webhooks_read", responses={200: WebhookView}, parameters=[ETAG])
    def get(self, request: PersonApiRequest, webhook: str) -> Response:
        """One webhook of yours."""
        return _answer(selectors.webhook_for(request.user, webhook))

    @extend_schema(
        operation_id="webhooks_change",
        request=WebhookChange,
        responses={200: WebhookView},
        parameters=[IF_MATCH, ETAG],
        examples=[OpenApiExample("Pause it", {"active": False}, request_only=True)],
    )
    @raises(errors.WebhookUrlInvalid, PreconditionRequired, PreconditionFailed)
    def patch(self, request: PersonApiRequest, webhook: str) -> Response:
        """Another address, other events, pause or go on, if it is still as you have read it.

        What happens while it is paused is sent when it goes on.
        """
        found = selectors.webhook_for(request.user, webhook)
        changes, expected = body_of(request, WebhookChange), if_match(request)
        changed = services.change_webhook(
            webhook=found, by=request.user, expected=expected, changes=changes
        )
        return _answer(changed)

    @extend_schema(
        operation_id="webhooks_delete",
        responses={204: OpenApiResponse(description="It is gone, and so are its deliveries.")},
        parameters=[IF_MATCH],
    )
    @raises(PreconditionRequired, PreconditionFailed)
    def delete(self, request: PersonApiRequest, webhook: str) -> Response:
        """Delete it: nothing more is sent, also not what is due."""
        found = selectors.webhook_for(request.user, webhook)
        expected = if_match(request)
        services.delete_webhook(webhook=found, by=request.user, expected=expected)
        return Response(status=204)


class Rotate(APIView):
    @extend_schema(operation_id="webhooks_rotate", request=None, responses={200: SecretView})
    @raises(errors.WebhookSecretsExhausted)
    def post(self, request: PersonApiRequest, webhook: str) -> Response:
        """A new secret. For a day deliveries carry a signature of the old one, too."""
        found = selectors.webhook_for(request.user, webhook)
        secret = services.rotate_secret(webhook=found, by=request.user)
        return Response(SecretView({"secret": secret}).data)


class Deliveries(APIView):
    @extend_schema(
        operation_id="webhooks_deliveries",
        parameters=[PageQuery],
        responses={200: DeliveryPage},
    )
    @raises(InvalidCursor)
    def get(self, request: PersonApiRequest, webhook: str) -> Response:
        """What was sent to it in the last thirty days, or is to be, newest first."""
        found = selectors.webhook_for(request.user, webhook)
        asked = query_of(request, PageQuery)
        with about("cursor"):
            rows, after = selectors.deliveries_page(
                found, before=asked.get("cursor"), size=asked["limit"]
            )
        return Response(DeliveryPage({"results": rows, "next_cursor": after or None}).data)


class Resend(APIView):
    @extend_schema(operation_id="webhooks_resend", request=None, responses={202: DeliveryView})
    @raises(errors.WebhookInactive)
    def post(self, request: PersonApiRequest, webhook: str, delivery: str) -> Response:
        """Send it again at once, under the same id, whatever became of it."""
        found = selectors.webhook_for(request.user, webhook)
        again = services.send_again(
            delivery=selectors.delivery_for(found, delivery), by=request.user
        )
        return Response(DeliveryView(again).data, status=202)
