"""Who lives in the demo bank. None of them exists."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group

from biometrics import pins
from fintrust.core import roles
from fintrust.core.models import User

DOMAIN = "demo.fintrust.example"
PASSWORD = "river-lantern-42"
PIN = "4071"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in, and the line that introduces them."""

    handle: str
    name: str
    role: str
    story: str
    timezone: str = "Europe/London"

    @property
    def email(self) -> str:
        return f"{self.handle}@{DOMAIN}"


CUSTOMERS = (
    Person(
        "amara",
        "Amara Okafor",
        roles.CUSTOMER,
        "salary, rent, savings; one transfer waits for her PIN",
    ),
    Person("jonas", "Jonas Weber", roles.CUSTOMER, "two currencies", "Europe/Berlin"),
    Person("priya", "Priya Nair", roles.CUSTOMER, "careful: a low limit of her own"),
    Person(
        "tomas",
        "Tomás Vidal",
        roles.CUSTOMER,
        "a student with a wallet",
        "Europe/Madrid",
    ),
)
STAFF = (
    Person("sam", "Sam Hollis", roles.SUPPORT, "watches /live/"),
    Person(
        "olga",
        "Olga Brandt",
        roles.COMPLIANCE,
        "decides about held transfers in /admin/",
    ),
    Person("ines", "Ines Duarte", roles.SENIOR, "goes on with the cases that Olga hands upwards"),
    Person("ada", "Ada Lindqvist", roles.AUDITOR, "reads everything, changes nothing"),
    Person("noor", "Noor Rahman", roles.ADMINISTRATOR, "people and partners"),
)
PARTNER = Person(
    "clearview",
    "Clearview Budgeting",
    roles.PARTNER,
    "asks the API for what was shared",
)
BUSINESSES = (
    Person("lumen", "Lumen Studio", roles.CUSTOMER, "employer"),
    Person("halden", "Halden Lettings", roles.CUSTOMER, "landlord"),
    Person("northfield", "Northfield Grocers", roles.CUSTOMER, "groceries"),
    Person("tramline", "Tramline Transit", roles.CUSTOMER, "transport"),
    Person("brightwell", "Brightwell Energy", roles.CUSTOMER, "energy"),
    Person("copper", "Copper Kettle Café", roles.CUSTOMER, "coffee"),
    Person("foxglove", "Foxglove Books", roles.CUSTOMER, "books"),
    Person("signal", "Signal Mobile", roles.CUSTOMER, "phone"),
    Person("marquee", "Marquee Streaming", roles.CUSTOMER, "films, dearer since a while"),
)


def create(person: Person, *, can_sign_in: bool = True) -> User:
    """The person as a user with a confirmed address, in their role."""
    user = User.objects.create_user(
        person.email,
        PASSWORD if can_sign_in else None,
        name=person.name,
        timezone=person.timezone,
        kyc=User.Kyc.VERIFIED,
        is_staff=person.role in roles.STAFF,
    )
    user.groups.add(Group.objects.get(name=person.role))
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def create_customer(person: Person) -> User:
    user = create(person)
    pins.set_pin(user=user, pin=PIN, password_ok=True)
    return user
