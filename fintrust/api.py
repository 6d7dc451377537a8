"""Signing in to the API, and people about themselves."""

from typing import Any

from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.urls import resolve
from django.utils.encoding import iri_to_uri
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from fintrust import people, signin, tokens
from fintrust.core import roles
from fintrust.core.api import Body, Moment, Text, body_of, raises
from fintrust.core.errors import NotFound
from fintrust.core.http import PersonApiRequest
from fintrust.core.models import User


class Registration(Body):
    email = serializers.EmailField(max_length=254)
    password = Text(max_length=128, trim_whitespace=False)
    name = Text(max_length=120)


class Registered(serializers.Serializer[Any]):
    email = serializers.EmailField()
    next = serializers.CharField(help_text="What to do now.")


class Confirmation(Body):
    email = serializers.EmailField(max_length=254)
    code = Text(max_length=20)


class Credentials(Body):
    email = serializers.EmailField(max_length=254)
    password = Text(max_length=128, trim_whitespace=False)
    code = Text(
        max_length=20,
        required=False,
        help_text="Of the authenticator, or a recovery code, where a second factor is set up.",
    )


class RefreshBody(Body):
    refresh = Text(max_length=2000)


class Tokens(serializers.Serializer[tokens.Pair]):
    access = serializers.CharField(help_text="Send it as `Authorization: Bearer …`.")
    refresh = serializers.CharField(help_text="Good for one refresh; keep the new one.")
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds that the access token lives.")


class Person(serializers.ModelSerializer[User]):
    id = serializers.CharField(source="public_id")
    roles = serializers.SerializerMethodField()
    second_factor = serializers.SerializerMethodField()
    joined_at = Moment(source="date_joined")

    class Meta:
        model = User
        fields = (
            "id",
            "email",
            "name",
            "phone",
            "timezone",
            "kyc",
            "roles",
            "second_factor",
            "joined_at",
        )
        read_only_fields = fields

    def get_roles(self, user: User) -> list[str]:
        return sorted(roles.of(user))

    def get_second_factor(self, user: User) -> bool:
        return bool(get_mfa_adapter().is_mfa_enabled(user))


class Profile(Body):
    name = Text(max_length=120, required=False)
    phone = Text(max_length=24, required=False, allow_blank=True)
    timezone = Text(max_length=40, required=False)


class Open(APIView):
    """A door for people who are not signed in yet. A stale token must not close it."""

    authentication_classes = ()
    permission_classes = ()
    throttle_scope = "sign-in"


class Register(Open):
    @extend_schema(
        operation_id="auth_register",
        request=Registration,
        responses={202: Registered},
        examples=[
            OpenApiExample(
                "A new customer",
                {
                    "email": "ada@example.org",
                    "password": "a long way to tipperary",
                    "name": "Ada Byron",
                },
                request_only=True,
            )
        ],
    )
    @raises(signin.PasswordRefused, signin.TooManySignIns)
    def post(self, request: Request) -> Response:
        """Become a customer.

        A code goes to the address. The answer is the same when somebody banks here under this
        address already; they get a mail that says so.
        """
        asked = body_of(request, Registration)
        signin.register(request._request, **asked)
        answer = {
            "email": asked["email"],
            "next": "Confirm your address with the code we sent.",
        }
        return Response(answer, status=202)


class ConfirmEmail(Open):
    @extend_schema(
        operation_id="auth_confirm_email",
        request=Confirmation,
        responses={204: OpenApiResponse(description="The address is confirmed; sign in.")},
        examples=[
            OpenApiExample(
                "The code from the mail",
                {"email": "new@example.org", "code": "ABC-123"},
                request_only=True,
            )
        ],
    )
    @raises(signin.EmailCodeWrong)
    def post(self, request: Request) -> Response:
        """Confirm an e-mail address with the code that was sent to it."""
        signin.confirm_email(request._request, **body_of(request, Confirmation))
        return Response(status=204)


class Login(Open):
    @extend_schema(
        operation_id="auth_login",
        request=Credentials,
        responses={200: Tokens},
        examples=[
            OpenApiExample(
                "Password only",
                {"email": "alice@example.org", "password": "correct horse battery"},
                request_only=True,
            )
        ],
    )
    @raises(
        signin.CredentialsWrong,
        signin.SecondFactorRequired,
        signin.SecondFactorWrong,
        signin.EmailUnconfirmed,
        signin.AccountInactive,
        signin.TooManySignIns,
    )
    def post(self, request: Request) -> Response:
        """Sign in.

        The answer to an unconfirmed address sends a new code, and one to an account with a second
        factor asks for `code`; both only after the password was right.
        """
        user = signin.sign_in(request._request, **body_of(request, Credentials))
        return Response(Tokens(tokens.issue(user)).data)


class Refresh(Open):
    @extend_schema(
        operation_id="auth_refresh",
        request=RefreshBody,
        responses={200: Tokens},
        examples=[OpenApiExample("The last refresh token", {"refresh": "eyJ…"}, request_only=True)],
    )
    @raises(tokens.InvalidToken, tokens.ExpiredToken, tokens.RevokedToken)
    def post(self, request: Request) -> Response:
        """Change a refresh token for a new pair.

        Each works once. One that comes back later is in two hands: the sign-in it belongs to ends.
        """
        return Response(Tokens(tokens.rotate(body_of(request, RefreshBody)["refresh"])).data)


class Logout(Open):
    @extend_schema(
        operation_id="auth_logout",
        request=RefreshBody,
        responses={204: OpenApiResponse(description="Every token of this sign-in has ended.")},
        examples=[OpenApiExample("The last refresh token", {"refresh": "eyJ…"}, request_only=True)],
    )
    @raises(tokens.InvalidToken, tokens.ExpiredToken, tokens.RevokedToken)
    def post(self, request: Request) -> Response:
        """End this sign-in: its refresh token and its access tokens."""
        tokens.sign_out(body_of(request, RefreshBody)["refresh"])
        return Response(status=204)


class Me(APIView):
    @extend_schema(operation_id="auth_me", responses={200: Person})
    def get(self, request: PersonApiRequest) -> Response:
        """Who the token belongs to."""
        return Response(Person(request.user).data)


class MyProfile(APIView):
    @extend_schema(operation_id="profile_read", responses={200: Person})
    def get(self, request: PersonApiRequest) -> Response:
        """Your profile."""
        return Response(Person(request.user).data)

    @extend_schema(
        operation_id="profile_change",
        request=Profile,
        responses={200: Person},
        examples=[
            OpenApiExample(
                "Moved to Lisbon",
                {"phone": "+351210000000", "timezone": "Europe/Lisbon"},
                request_only=True,
            )
        ],
    )
    @raises(people.NameInvalid, people.PhoneInvalid, people.TimezoneUnknown)
    def patch(self, request: PersonApiRequest) -> Response:
        """Change your name, phone or time zone; what you leave out stays."""
        changes = body_of(request, Profile)
        return Response(Person(people.update_profile(user=request.user, **changes)).data)


@require_safe
@cache_control(public=True, max_age=300)
def jwks(request: HttpRequest) -> HttpResponse:
    """The keys that verify our tokens, for those who check them on their own."""
    return JsonResponse(tokens.jwks(), content_type="application/jwk-set+json")


def unknown(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Below /api/ nothing is a page, not even what does not exist.

    With a slash too many or too few, the caller is sent on with method and body as they are.
    """
    path = request.path
    meant = path.rstrip("/") if path.endswith("/") else f"{path}/"
    if resolve(meant).func is unknown:
        raise NotFound("There is no such address in this API.")
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(
        iri_to_uri(meant) + (f"?{query}" if query else ""), preserve_request=True
    )
