"""The numbers of this app, each with its reason."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class GuessPolicy:
    failures_max: int = 5  # a person mistypes twice; a thief gets five of ten thousand PINs
    lock_minutes_min: int = 15
    lock_hours_max: int = 24  # doubling for ever would let a stranger shut somebody out for years

    def lock_after(self, failures: int) -> timedelta | None:
        """How long there is a rest after this many failures in a row: 15 minutes, then doubling."""
        if failures < self.failures_max:
            return None
        doublings = min(failures - self.failures_max, 20)
        length = timedelta(minutes=self.lock_minutes_min) * 2**doublings
        return min(length, timedelta(hours=self.lock_hours_max))


@dataclass(frozen=True)
class PinPolicy(GuessPolicy):
    digits_min: int = 4
    digits_max: int = 8
    different_digits_min: int = 3  # 1122 and 6969 are among the first ten anybody tries


PIN = PinPolicy()
CODE = GuessPolicy()  # each code is new, so of a million a thief gets five, then one a day


@dataclass(frozen=True)
class PasskeyPolicy:
    challenge_seconds_max: int = 300  # to find the key; the page then makes a new one
    answer_chars_max: int = 20_000  # for forms: the longest signature known is under 8,000


PASSKEY = PasskeyPolicy()


@dataclass(frozen=True)
class RhythmPolicy:
    body_bytes_max: int = 32_000
    keys_max: int = 512  # a long note; what comes after it would say nothing new
    hold_ms_max: float = 10_000
    length_ms_max: float = 1_800_000  # half an hour on one form
    pointers_max: int = 10_000
    token_seconds_max: int = 3_600  # a form left open over lunch still counts
    clock_ms_max: float = 2_000  # how far a browser's clock may run ahead of ours
    captures_per_minute_max: int = 30


RHYTHM = RhythmPolicy()
