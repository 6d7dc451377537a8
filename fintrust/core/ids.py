"""Identifiers: time-ordered UUIDs inside, prefixed and readable outside (`trf_01k…`).

The text form is Crockford's base 32 of the 128 bits, lower case, 26 characters, so it can be
read aloud, double-clicked and sorted by time.
"""

from typing import Any, ClassVar
from uuid import UUID

import uuid_utils.compat
from django.db import models

from fintrust.core.errors import NotFound

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUE = {letter: value for value, letter in enumerate(_ALPHABET)}
_LENGTH = 26


def uuid7() -> UUID:
    return uuid_utils.compat.uuid7()


def to_public(prefix: str, uuid: UUID) -> str:
    number = uuid.int
    return prefix + "_" + "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def from_public(prefix: str, text: str) -> UUID:
    """The UUID behind a public id; NotFound when it is not one of this kind."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != _LENGTH or not set(tail) <= _VALUE.keys():
        raise NotFound()
    number = 0
    for letter in tail:
        number = number << 5 | _VALUE[letter]
    if number >= 1 << 128:
        raise NotFound()
    return UUID(int=number)


class PublicQuerySet(models.QuerySet[Any]):
    def get_public(self, text: str) -> Any:
        """The row with this public id, or NotFound: a wrong id and a foreign row look the same."""
        try:
            return self.get(**{self.model.public_field: from_public(self.model.prefix, text)})
        except self.model.DoesNotExist:
            raise NotFound() from None


class PublicModel(models.Model):
    """A row people may name: `public_id` is its prefixed id."""

    prefix: ClassVar[str]
    public_field: ClassVar[str] = "id"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    objects = PublicQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def public_id(self) -> str:
        return to_public(self.prefix, getattr(self, self.public_field))
