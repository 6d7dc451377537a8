"""Giving back what one was sent, for programs."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from banking import selectors
from banking.api.base import ANY_MONEY, MONEY_ANSWERS, MONEY_HEADERS, MoneyDoor
from banking.errors import AlreadyReversed, ReversalOfReversal
from banking.models import Transfer
from banking.returns import errors, services
from fintrust.core.api import raises
from fintrust.core.http import PersonApiRequest


class Return(MoneyDoor):
    @extend_schema(
        operation_id="transactions_return",
        request=None,
        responses=MONEY_ANSWERS,
        parameters=MONEY_HEADERS,
    )
    @raises(*ANY_MONEY, errors.NotReturnable, AlreadyReversed, ReversalOfReversal)
    def post(self, request: PersonApiRequest, transfer: str) -> Response:
        """Send back all of what you were sent, once. It is judged like any payment of yours."""
        back = services.return_transfer(
            transfer=selectors.transfer_for(request.user, transfer),
            by=request.user,
            request_id=self.key(),
            channel=Transfer.Channel.API,
        )
        return self.answer(request, back)
