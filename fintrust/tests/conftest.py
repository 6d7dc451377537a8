"""People and clients for tests of the API."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from rest_framework.test import APIClient

from fintrust import tokens
from fintrust.core import roles
from fintrust.core.models import User

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def fresh_keys() -> Iterator[None]:
    """Keys of another test's database are none of this one's."""
    tokens.key_ring.forget()
    yield
    tokens.key_ring.forget()


@pytest.fixture
def person() -> Callable[..., User]:
    """`person("alice")`: somebody with a confirmed address, a password and a role."""

    def make(name: str, *, role: str = roles.CUSTOMER, confirmed: bool = True, **more: Any) -> User:
        email = f"{name}@example.org"
        user = User.objects.create_user(email, PASSWORD, name=name.title(), **more)
        user.groups.add(Group.objects.get(name=role))
        EmailAddress.objects.create(user=user, email=email, primary=True, verified=confirmed)
        return user

    return make


@pytest.fixture
def api() -> APIClient:
    """A program that nobody signed in; it sends and expects JSON and sees errors as answers."""
    return APIClient(raise_request_exception=False)


@pytest.fixture
def signed_in() -> Callable[[User], APIClient]:
    def make(user: User) -> APIClient:
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user).access}")
        return client

    return make
