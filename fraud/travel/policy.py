"""The numbers of travel, each with its reason. Values in, values out: no Django here."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class TravelPolicy:
    """What a person can do, how far places are believed, and how long they are kept."""

    # --- the judge ---------------------------------------------------------------------------
    speed_kmh_max: float = 900.0  # an airliner cruises at that; door to door nobody is faster
    distance_km_min: float = (
        100.0  # below it a database of addresses is wrong more often than right
    )
    clocks: timedelta = timedelta(
        minutes=1
    )  # two doors' clocks differ by so much; less is this much

    # --- how far a place is believed ---------------------------------------------------------
    declared_km: float = 1.0  # coordinates are kept to a hundredth of a degree: about this much
    declared_km_max: float = (
        50.0  # a phone that knows no better has not looked; nor does it hide far
    )
    address_km: float = 50.0  # a database that does not say how sure it is: about a city and around
    address_km_max: float = 1000.0  # the width of a country; anything wider is no place

    # --- how long it is kept -----------------------------------------------------------------
    # Half around the Earth takes 22 hours at the fastest: an older place proves nothing about now.
    place_max: timedelta = timedelta(days=2)
    device_max: timedelta = timedelta(days=90)  # a phone in a drawer for a season is a strange one
    devices_max: int = 20  # bounds what a person with many browsers costs
    address_window: timedelta = timedelta(hours=24)
    addresses_max: int = 100
    try_windows: tuple[timedelta, timedelta] = (timedelta(seconds=10), timedelta(seconds=60))
    tries_max: int = 100  # nobody has to count further to know that it is a program
    told_again: timedelta = timedelta(hours=1)  # one record of a stranger's session an hour

    # --- Redis -------------------------------------------------------------------------------
    # Together below the 50 ms within which a decision comes without it.
    connect_seconds_max: float = 0.020
    answer_seconds_max: float = 0.025
    rest_seconds: float = 0.25  # after a failure nobody else waits for it so long

    # Networks whose addresses say where a computer stands, not where a person sits: the largest
    # that rent out servers, and those that carry most VPN exits. Settings may add to them.
    hosting_networks: frozenset[int] = frozenset(
        {
            8075, 9009, 12876, 13335, 14061, 14618, 15169, 16276, 16509, 20473, 20860, 22612,
            24940, 28753, 31898, 36351, 39351, 45102, 46844, 49981, 51167, 51852, 53667, 60068,
            60781, 62240, 62371, 63949, 132203, 136787, 137409, 141039, 147049, 199218, 207137,
            209103, 212238, 396982,
        }
    )  # fmt: skip


TRAVEL = TravelPolicy()
