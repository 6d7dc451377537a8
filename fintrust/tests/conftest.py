"""People and clients for tests of the API."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from playwright.sync_api import Browser, Page
from rest_framework.test import APIClient

from fintrust import tokens
from fintrust.core import roles
from fintrust.core.models import User
from fintrust.testing.stack import RunningStack
from fintrust.tests import browser_help

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


@pytest.fixture
def door(browser: Browser, stack: RunningStack) -> Iterator[browser_help.Door]:
    """`door()`: a page in a browser of one's own, no cookies shared with anybody."""
    contexts = []

    def open_page(**options: Any) -> Page:
        contexts.append(browser_help.new_context(browser, stack, **options))
        return contexts[-1].new_page()

    yield open_page
    for context in contexts:
        context.close()
