"""How customers are robbed. Each scenario is one episode: its payments in order, labelled. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from fraud.traffic.people import Life, Party, Payment, address, shop
from fraud.traffic.world import CITIES, City, apart_km, moved

Scenario = Callable[[Life, Sequence[Party], datetime, Random], list[Payment]]
SCENARIOS: dict[str, Scenario] = {}
_MINUTE = timedelta(minutes=1)
FAR_KM = 3000.0


def scenario(function: Scenario) -> Scenario:
    SCENARIOS[function.__name__] = function
    return function


@scenario
def account_takeover(
    victim: Life, parties: Sequence[Party], at: datetime, dice: Random
) -> list[Payment]:
    """A stranger has signed in: another device and address, and money goes in a hurry to somebody
    who was never paid before."""
    device, ip, mule = f"thief-{dice.getrandbits(48):012x}", address(dice), _stranger(dice)
    where = _foreign(victim, dice)
    return [
        victim.payment(
            at + number * dice.uniform(2, 9) * _MINUTE, counterparty=mule, channel="web",
            minor=victim.persona.usual * dice.randint(8, 25), device=device, ip=ip,
            place=where.name, spot=None, accuracy_km=None, kind="transfer",
        )
        for number in range(dice.randint(2, 4))
    ]  # fmt: skip


@scenario
def stolen_card(
    victim: Life, parties: Sequence[Party], at: datetime, dice: Random
) -> list[Payment]:
    """Bought with in the victim's own town, in shops they do not know, for more than they spend."""
    shops = [shop(number) for number in dice.sample(range(400, 600), dice.randint(3, 6))]
    return [
        victim.payment(
            at + number * dice.uniform(20, 70) * _MINUTE, counterparty=name, channel="card",
            minor=victim.persona.amount(dice, times=dice.uniform(2.5, 6)), device=None, ip=None,
            place=victim.persona.city.name, spot=None, accuracy_km=None,
        )
        for number, name in enumerate(shops)
    ]  # fmt: skip


@scenario
def card_testing(
    victim: Life, parties: Sequence[Party], at: datetime, dice: Random
) -> list[Payment]:
    """A program tries whether a number works, in seconds, for cents; then once for real."""
    name = shop(dice.randrange(600, 620))
    tries = dice.randint(8, 15)
    common = {
        "channel": "card", "device": None, "ip": address(dice), "place": "", "spot": None,
        "accuracy_km": None, "counterparty": name,
    }  # fmt: skip
    tests = [
        victim.payment(at + timedelta(seconds=3 * number), minor=dice.randint(50, 200), **common)
        for number in range(tries)
    ]
    real = victim.payment(
        at + timedelta(seconds=3 * tries + 240), **common,
        minor=victim.persona.usual * dice.randint(10, 20),
    )  # fmt: skip
    return [*tests, real]


@scenario
def mule_chain(victim: Life, parties: Sequence[Party], at: datetime, dice: Random) -> list[Payment]:
    """Stolen money runs through customers' accounts and out, a little less at each of them."""
    mules = dice.sample(
        [party for party in parties if party != victim.persona.party], min(2, len(parties) - 1)
    )
    chain = [victim.persona.party, *mules]
    minor = victim.persona.usual * dice.randint(20, 50)
    device, ip = f"thief-{dice.getrandbits(48):012x}", address(dice)
    hops = []
    for place, payer in enumerate(chain):
        last = place == len(chain) - 1
        hop = victim.payment(
            at, counterparty=_stranger(dice) if last else chain[place + 1].account, minor=minor,
            channel="web", device=device, ip=ip, place="", spot=None, accuracy_km=None,
        )  # fmt: skip
        hops.append(replace(hop, party=payer))
        at += dice.uniform(4, 25) * _MINUTE
        minor = round(minor * dice.uniform(0.9, 0.97))
    return hops


@scenario
def impossible_travel(
    victim: Life, parties: Sequence[Party], at: datetime, dice: Random
) -> list[Payment]:
    """The victim pays at home, and minutes later somebody pays as them on the other side of the
    world. Only the second one is fraud."""
    persona, far = victim.persona, _foreign(victim, dice)
    own = victim.payment(
        at, channel="app", device=persona.phone, place=persona.city.name, spot=persona.home,
        accuracy_km=0.1, ip=persona.ip,
    )  # fmt: skip
    thief = victim.payment(
        at + dice.uniform(5, 60) * _MINUTE, counterparty=_stranger(dice), channel="app",
        minor=persona.usual * dice.randint(3, 12), device=f"thief-{dice.getrandbits(48):012x}",
        place=far.name, spot=moved(far.spot, dice.uniform(0, 10), dice.uniform(0, 360)),
        accuracy_km=0.2, ip=address(dice),
    )  # fmt: skip
    return [own, thief]


def episode(
    name: str, victim: Life, parties: Sequence[Party], at: datetime, dice: Random
) -> list[Payment]:
    """One fraud of this kind, its payments marked."""
    played = SCENARIOS[name](victim, parties, at, dice)
    genuine = 1 if name == "impossible_travel" else 0
    return [
        replace(payment, scenario=name, fraud=number >= genuine)
        for number, payment in enumerate(played)
    ]


def _stranger(dice: Random) -> str:
    return f"mule-{dice.getrandbits(40):010x}"


def _foreign(victim: Life, dice: Random) -> City:
    home = victim.persona.city.spot
    return dice.choice([city for city in CITIES.values() if apart_km(home, city.spot) > FAR_KM])
