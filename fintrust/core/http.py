"""Requests whose person is known, for the type checker: what a view behind a sign-in is given."""

from django.http import HttpRequest
from rest_framework.request import Request

from fintrust.core.models import User


class PersonRequest(HttpRequest):
    """A page's request behind `login_required`."""

    user: User


class PersonApiRequest(Request):
    """An API request behind `IsAuthenticated`."""

    user: User
