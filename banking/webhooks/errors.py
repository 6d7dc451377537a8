"""What keeps a webhook from being set up or used."""

from fintrust.core.errors import Conflict, Invalid


class WebhookUrlInvalid(Invalid):
    """Webhooks go to a public https address without a user name, a password or a fragment."""

    code, field = "webhook-url-invalid", "url"


class WebhooksExhausted(Conflict):
    """You have as many webhooks as one customer may have."""

    code = "webhooks-exhausted"


class WebhookInactive(Conflict):
    """This webhook is not active; nothing is sent to it."""

    code = "webhook-inactive"


class WebhookSecretsExhausted(Conflict):
    """Too many secrets of this webhook are still good; wait until the oldest has run out."""

    code = "webhook-secrets-exhausted"
