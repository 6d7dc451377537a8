"""Cities, and whom one pays there. Values only: no Django here."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

Spot = tuple[float, float]  # degrees north and east
KM_A_DEGREE = 111.2


@dataclass(frozen=True, slots=True)
class City:
    name: str
    latitude: float
    longitude: float
    zone: str

    @property
    def spot(self) -> Spot:
        return self.latitude, self.longitude


_CITIES = (
    City("London, GB", 51.51, -0.13, "Europe/London"),
    City("Manchester, GB", 53.48, -2.24, "Europe/London"),
    City("Dublin, IE", 53.35, -6.26, "Europe/Dublin"),
    City("Paris, FR", 48.86, 2.35, "Europe/Paris"),
    City("Lyon, FR", 45.76, 4.84, "Europe/Paris"),
    City("Brussels, BE", 50.85, 4.35, "Europe/Brussels"),
    City("Amsterdam, NL", 52.37, 4.90, "Europe/Amsterdam"),
    City("Berlin, DE", 52.52, 13.40, "Europe/Berlin"),
    City("Munich, DE", 48.14, 11.58, "Europe/Berlin"),
    City("Hamburg, DE", 53.55, 9.99, "Europe/Berlin"),
    City("Zurich, CH", 47.37, 8.54, "Europe/Zurich"),
    City("Vienna, AT", 48.21, 16.37, "Europe/Vienna"),
    City("Prague, CZ", 50.08, 14.44, "Europe/Prague"),
    City("Warsaw, PL", 52.23, 21.01, "Europe/Warsaw"),
    City("Budapest, HU", 47.50, 19.04, "Europe/Budapest"),
    City("Rome, IT", 41.90, 12.50, "Europe/Rome"),
    City("Milan, IT", 45.46, 9.19, "Europe/Rome"),
    City("Madrid, ES", 40.42, -3.70, "Europe/Madrid"),
    City("Barcelona, ES", 41.39, 2.17, "Europe/Madrid"),
    City("Lisbon, PT", 38.72, -9.14, "Europe/Lisbon"),
    City("Porto, PT", 41.15, -8.61, "Europe/Lisbon"),
    City("Athens, GR", 37.98, 23.73, "Europe/Athens"),
    City("Sofia, BG", 42.70, 23.32, "Europe/Sofia"),
    City("Bucharest, RO", 44.43, 26.10, "Europe/Bucharest"),
    City("Stockholm, SE", 59.33, 18.07, "Europe/Stockholm"),
    City("Oslo, NO", 59.91, 10.75, "Europe/Oslo"),
    City("Helsinki, FI", 60.17, 24.94, "Europe/Helsinki"),
    City("Riga, LV", 56.95, 24.11, "Europe/Riga"),
    City("Istanbul, TR", 41.01, 28.98, "Europe/Istanbul"),
    City("New York, US", 40.71, -74.01, "America/New_York"),
    City("Miami, US", 25.76, -80.19, "America/New_York"),
    City("Los Angeles, US", 34.05, -118.24, "America/Los_Angeles"),
    City("Lagos, NG", 6.45, 3.39, "Africa/Lagos"),
    City("Dubai, AE", 25.20, 55.27, "Asia/Dubai"),
    City("Delhi, IN", 28.61, 77.21, "Asia/Kolkata"),
    City("Singapore, SG", 1.35, 103.82, "Asia/Singapore"),
    City("Tokyo, JP", 35.68, 139.69, "Asia/Tokyo"),
    City("Suva, FJ", -18.14, 178.44, "Pacific/Fiji"),
    City("Sydney, AU", -33.87, 151.21, "Australia/Sydney"),
    City("Honolulu, US", 21.31, -157.86, "Pacific/Honolulu"),
)
CITIES: Mapping[str, City] = {city.name: city for city in _CITIES}
HOMES = _CITIES[:29]  # where customers of a European bank live


def moved(spot: Spot, km: float, bearing: float) -> Spot:
    """So far away in this direction, well enough for a town and its surroundings."""
    latitude = spot[0] + km * math.cos(math.radians(bearing)) / KM_A_DEGREE
    latitude = max(-89.0, min(89.0, latitude))
    east = km * math.sin(math.radians(bearing)) / KM_A_DEGREE / math.cos(math.radians(latitude))
    return latitude, (spot[1] + east + 540) % 360 - 180


def apart_km(a: Spot, b: Spot) -> float:
    """Roughly; what judges travel measures for itself."""
    x = math.radians((b[1] - a[1] + 540) % 360 - 180) * math.cos(math.radians((a[0] + b[0]) / 2))
    return 6371 * math.hypot(x, math.radians(b[0] - a[0]))
