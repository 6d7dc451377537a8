"""Settings. What an operator may choose comes from the environment; see docs/operations.md."""

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from psycopg.conninfo import conninfo_to_dict

from fintrust.logs import logging_settings
from fintrust.secret_store import secret

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = Path(env("FINTRUST_STATE", default=str(BASE_DIR / "var"))).resolve()
ENVIRONMENT = env("FINTRUST_ENV", default="development")
if ENVIRONMENT not in {"development", "test", "production"}:
    raise ImproperlyConfigured("FINTRUST_ENV is development, test or production.")
PRODUCTION = ENVIRONMENT == "production"


def _secret(name: str) -> str:
    return secret(name, state=STATE_DIR, production=PRODUCTION)


DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = _secret("FINTRUST_SECRET_KEY")
MASTER_KEY = base64.b64decode(_secret("FINTRUST_MASTER_KEY"))  # 32 bytes: seals keys and secrets
AUDIT_LOG_KEY = base64.b64decode(_secret("FINTRUST_AUDIT_LOG_KEY"))  # Ed25519 seed of the log
AUDIT_LOG_ORIGIN = env("AUDIT_LOG_ORIGIN", default="fintrust.example/log")
AUDIT_LOG_FORMER_KEYS = env("AUDIT_LOG_FORMER_KEYS", default="")  # lines of /log/key before
PORT = env.int("PORT", default=8000)
SITE_URL = env("SITE_URL", default=f"http://localhost:{PORT}")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[SITE_URL])

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # the site itself is fintrust.console
    "unfold.contrib.filters",
    "fintrust.console.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "channels",
    "csp",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "template_partials",
    "fintrust.demo",
    "consent",
    "banking",
    "fraud",
    "biometrics",
    "audit",
    "fintrust.core",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "fintrust.middleware.BodyLimit",
    "fintrust.middleware.ContentSecurityPolicy",
    "fintrust.throttles.RateLimitHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "fintrust.middleware.SessionActivity",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "fintrust.middleware.RequestContext",
    "fintrust.middleware.Problems",
]

ROOT_URLCONF = "fintrust.urls"
ASGI_APPLICATION = "fintrust.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "fintrust.pages.context",
            ],
            "builtins": [
                "fintrust.core.templatetags.money",
                "django.templatetags.static",
            ],
        },
    }
]

# --- data -----------------------------------------------------------------------------------


def _database(url: str, *, pool: bool = False) -> dict[str, Any]:
    """A connection URL of any form that PostgreSQL knows, as Django wants it."""
    parts = conninfo_to_dict(url)
    options: dict[str, Any] = {
        key: value
        for key, value in parts.items()
        if key not in {"dbname", "user", "password", "host", "port"}
    }
    # What asks to be prepared is: without a threshold the driver never prepares, whatever is asked.
    options["prepare_threshold"] = 5
    # And planned once: no value that such statements bind makes another plan better, and planning
    # the features of a payment takes longer than reading them. Django's own queries carry their
    # values in their text and are not prepared: a plan for any value could use no partial index.
    once = "-c plan_cache_mode=force_generic_plan"
    options["options"] = f"{options.get('options', '')} {once}".strip()
    if pool:
        # As many connections as request threads. Who waits too long, or finds too many waiting, is
        # told that the bank is busy (503); more connections would only slow everybody down.
        options["pool"] = {
            "min_size": 1,
            "max_size": env.int("FINTRUST_DB_POOL_MAX", default=10),
            "max_waiting": 64,
            "timeout": env.float("FINTRUST_DB_POOL_SECONDS", default=5),
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.get("dbname", ""),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": str(parts.get("port", "")),
        "OPTIONS": options,
        "CONN_MAX_AGE": 0,
    }


DATABASES = {
    "default": _database(
        env("DATABASE_URL", default="postgresql:///fintrust"),
        pool=env.bool("FINTRUST_DB_POOL", default=False),
    )
}
for alias in ("owner", "reader", "sequencer"):
    if url := env(f"DATABASE_{alias.upper()}_URL", default=""):
        DATABASES[alias] = _database(url)
# Where backtests keep the past in columns, as Ibis spells an engine: a DuckDB file, or a cluster.
FRAUD_HISTORY_URL = env("FRAUD_HISTORY_URL", default=f"duckdb://{STATE_DIR}/history.duckdb")
REDIS_URL = env("REDIS_URL", default="redis://localhost:6379/0")
# How long a decision waits for what Redis remembers of travel, when not as long as `TRAVEL` says:
# in a test, a busy machine is no outage.
_PATIENT = 5.0 if ENVIRONMENT == "test" else None
TRAVEL_SECONDS_MAX = env.float("TRAVEL_SECONDS_MAX", default=_PATIENT)
# Where an internet address is: files of the GeoLite form, when there are any.
GEOIP_DATABASE = env("GEOIP_DATABASE", default="")
GEOIP_ASN_DATABASE = env("GEOIP_ASN_DATABASE", default="")
HOSTING_NETWORKS = env.list("HOSTING_NETWORKS", cast=int, default=[])
# What the score or a rule blocks waits for an officer instead of being refused.
FRAUD_BLOCKED_TO_REVIEW = env.bool("FRAUD_BLOCKED_TO_REVIEW", default=False)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cache",
        "OPTIONS": {"socket_timeout": 1.0, "socket_connect_timeout": 1.0},
    }
}
CHANNEL_LAYERS = {
    "default": {
        # The pub/sub layer keeps idle sockets and survives a Redis restart; the list-based one
        # does neither with redis-py 8.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL}]},
    }
}

# --- payments that happened elsewhere: from Kafka when brokers are named, else from Redis --------
KAFKA_URL = env("KAFKA_URL", default="")  # host:port,host:port
KAFKA_OPTIONS = env.dict("KAFKA_OPTIONS", default={})  # of librdkafka: security.protocol=SASL_SSL,…
STREAM_TOPIC = env("STREAM_TOPIC", default="fintrust.payments")
STREAM_GROUP = env("STREAM_GROUP", default="fintrust")
STREAM_DEAD_TOPIC = env("STREAM_DEAD_TOPIC", default="")  # copies of dead letters, if wanted

# --- people ---------------------------------------------------------------------------------
AUTH_USER_MODEL = "core.User"
# Whom a customer may choose from by name: their limits are judged below the app that knows names.
PAYEE_BOOK = "banking.payees.selectors.book_of"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
PASSWORD_HASHERS = [
    "fintrust.testing.hashers.CheapArgon2"
    if ENVIRONMENT == "test"
    else "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_SIGNUP_FORM_CLASS = "fintrust.core.forms.SignupForm"
ACCOUNT_ADAPTER = "fintrust.core.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "FinTrust: "
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = False
MFA_ADAPTER = "fintrust.core.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "add_webauthn": "biometrics.passkey_forms.AddForm",
    "authenticate_webauthn": "biometrics.passkey_forms.AuthenticateForm",
    "login_webauthn": "biometrics.passkey_forms.LoginForm",
    "reauthenticate_webauthn": "biometrics.passkey_forms.ReauthenticateForm",
}
MFA_TOTP_ISSUER = "FinTrust"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
USERSESSIONS_TRACK_ACTIVITY = True
EMAIL_URL = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_URL)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="FinTrust <no-reply@fintrust.example>")

# Deposits come from the clearing account, as if a card had been charged. Only for demo banks.
DEMO_FUNDING = env.bool("DEMO_FUNDING", default=not PRODUCTION)

# Where webhooks may lead: in production to https on the public internet only.
WEBHOOK_HTTP = env.bool("WEBHOOK_HTTP", default=not PRODUCTION)
WEBHOOK_PRIVATE_ADDRESSES = env.bool("WEBHOOK_PRIVATE_ADDRESSES", default=False)

# --- what the browser is told ---------------------------------------------------------------
HTTPS = env.bool("FINTRUST_HTTPS", default=PRODUCTION)
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
DEVICE_COOKIE_NAME = "__Host-device" if HTTPS else "device"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
# Unfold's Alpine evaluates expressions, so the console alone lives under this wider policy.
CONSOLE_CONTENT_SECURITY_POLICY = {
    **CONTENT_SECURITY_POLICY["DIRECTIVES"],
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}
BODY_BYTES_MAX = 1_000_000
DATA_UPLOAD_MAX_MEMORY_SIZE = BODY_BYTES_MAX
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
FORM_RENDERER = "fintrust.forms.Renderer"

STATIC_URL = "static/"
STATIC_ROOT = Path(env("STATIC_ROOT", default=str(STATE_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if ENVIRONMENT == "test" and not env.bool("FINTRUST_COLLECTED", default=False)
        else "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    },
}

# Tests that collected nothing have no directory to index.
WHITENOISE_AUTOREFRESH = "Manifest" not in STORAGES["staticfiles"]["BACKEND"]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
FORMAT_MODULE_PATH = ["fintrust.formats"]
USE_TZ = True

# --- API ------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["fintrust.tokens.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["fintrust.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "fintrust.schema.Schema",
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS is not offered; the schema says what an address does
    "DEFAULT_THROTTLE_CLASSES": ["fintrust.throttles.Throttle"],
    "DEFAULT_THROTTLE_RATES": {
        "anonymous": env("RATE_ANONYMOUS", default="60/min"),
        "sign-in": env("RATE_SIGN_IN", default="10/min"),
        "read": env("RATE_READ", default="600/min"),
        "money": env("RATE_MONEY", default="120/min"),
        "batch": env("RATE_BATCH", default="12/min"),  # each up to a hundred transfers
        # Who could ask without end would find out what just passes.
        "what-if": env("RATE_WHAT_IF", default="60/hour"),
        "statement": env("RATE_STATEMENT", default="30/min"),  # the dearest thing to read
    },
    "EXCEPTION_HANDLER": "fintrust.problems.api_exception_handler",
    "NUM_PROXIES": env.int("TRUSTED_PROXIES", default=0),
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
SIMPLE_JWT = {
    "ALGORITHM": "EdDSA",  # keys come from fintrust.core.keys and rotate; see fintrust.tokens
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=10),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "ISSUER": "fintrust",
    "USER_ID_CLAIM": "sub",
    "TOKEN_TYPE_CLAIM": "typ",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "FinTrust API",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Accounts, transfers and shared data of a bank that can prove it behaved.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SORT_OPERATIONS": False,
    "ENUM_NAME_OVERRIDES": {
        "AccountProduct": "banking.models.Account.Product",
        "AccountStatus": "banking.models.Account.Status",
        "ImportFormat": "banking.models.imports.Import.Format",
        "ImportStatus": "banking.models.imports.Import.Status",
        "OpenableProduct": "banking.api.accounts.OPENABLE",
        "TransferKind": "banking.models.transfers.Transfer.Kind",
        "HoldStatus": "banking.holds.api.HOLD_STATES",
        "WebhookStatus": "banking.webhooks.api.WEBHOOK_STATES",
        "WebhookEvent": "banking.webhooks.selectors.KINDS",
        "DeliveryStatus": "banking.models.webhooks.Delivery.Status",
        "TransferStatus": "banking.models.transfers.Transfer.Status",
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
}

# --- tasks: a task is only a hand that sweeps rows, so a lost or doubled one changes nothing -----
# kombu spells a socket's URL its own way: redis+socket://PATH?virtual_host=N
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace(
    "?db=", "?virtual_host="
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "unacked_restore_throttle": 1,
}
CELERY_BEAT_SCHEDULE = {
    # Ticks expire before the next one: a queue kept over a pause must not replay old ticks.
    "seal-audit-log": {"task": "audit.seal", "schedule": 2, "options": {"expires": 2}},
    "verify-audit-log": {
        "task": "audit.verify",
        "schedule": 300,
        "options": {"expires": 300},
    },
    "verify-ledger": {
        "task": "banking.verify_ledger",
        "schedule": 300,
        "options": {"expires": 300},
    },
    "check-ledger-when-asked": {
        "task": "banking.check_asked",
        "schedule": 5,
        "options": {"expires": 5},
    },
    "expire-proposals": {
        "task": "banking.expire_proposals",
        "schedule": 300,
        "options": {"expires": 300},
    },
    "freeze-periods": {
        "task": "banking.freeze_periods",
        "schedule": 3600,
        "options": {"expires": 3600},
    },
    # A day is due once, at midnight in UTC; asking more often catches up sooner after a pause.
    "count-interest": {
        "task": "banking.count_interest",
        "schedule": 600,
        "options": {"expires": 600},
    },
    "expire-holds": {
        "task": "banking.expire_holds",
        "schedule": 30,
        "options": {"expires": 30},
    },
    "mail-invitations": {
        "task": "banking.mail_invitations",
        "schedule": 10,
        "options": {"expires": 10},
    },
    "send-webhooks": {
        "task": "banking.send_webhooks",
        "schedule": 2,
        "options": {"expires": 2},
    },
    "tend-webhooks": {
        "task": "banking.tend_webhooks",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "end-shares": {
        "task": "banking.end_shares",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "run-schedules": {
        "task": "banking.run_schedules",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "work-on-imports": {
        "task": "banking.work_on_imports",
        "schedule": 2,
        "options": {"expires": 2},
    },
    "mail-limits": {
        "task": "fraud.mail_limits",
        "schedule": 10,
        "options": {"expires": 10},
    },
    "score-afterwards": {
        "task": "fraud.score_afterwards",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "work-on-backtests": {
        "task": "fraud.work_on_backtests",
        "schedule": 2,
        "options": {"expires": 2},
    },
    "watch-rules": {
        "task": "fraud.watch_rules",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "train-models": {
        "task": "fraud.train",
        "schedule": 10,
        "options": {"expires": 10},
    },
    "ask-for-training": {
        "task": "fraud.ask_for_training",
        "schedule": 3600,
        "options": {"expires": 3600},
    },
    "score-history": {
        "task": "fraud.score_history",
        "schedule": 300,
        "options": {"expires": 300},
    },
    # By the week: a threshold that moved every day would follow the weekend.
    "tune-thresholds": {
        "task": "fraud.tune",
        "schedule": timedelta(days=7),
    },
    "watch-drift": {
        "task": "fraud.watch_drift",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "expire-consents": {
        "task": "consent.expire_consents",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "forget-expired-tokens": {
        "task": "core.forget_expired_tokens",
        "schedule": 3600,
        "options": {"expires": 3600},
    },
    "rotate-token-keys": {
        "task": "core.rotate_token_keys",
        "schedule": 3600,
        "options": {"expires": 3600},
    },
}

LOGGING = logging_settings(
    json=env.bool("LOG_JSON", default=PRODUCTION),
    level=env("LOG_LEVEL", default="INFO"),
)
UNFOLD = {
    "SITE_TITLE": "FinTrust console",
    "SITE_HEADER": "FinTrust",
    "SITE_SUBHEADER": "Compliance console",
    "SITE_URL": "/",
    "SITE_SYMBOL": "account_balance",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("img/favicon.svg")}
    ],
    "SHOW_HISTORY": False,
    "DASHBOARD_CALLBACK": "fintrust.console.dashboard.context",
    "STYLES": [lambda request: static("css/console.css")],
    # The house's petrol, as in assets/tokens.css.
    "COLORS": {
        "primary": {
            "50": "oklch(97.5% 0.012 205)",
            "100": "oklch(94.5% 0.022 205)",
            "200": "oklch(89% 0.042 205)",
            "300": "oklch(81% 0.07 204)",
            "400": "oklch(72% 0.09 205)",
            "500": "oklch(62% 0.095 206)",
            "600": "oklch(48% 0.085 208)",
            "700": "oklch(42% 0.076 208)",
            "800": "oklch(36% 0.062 209)",
            "900": "oklch(31% 0.05 210)",
            "950": "oklch(23% 0.036 212)",
        },
    },
    "SIDEBAR": {
        "show_search": True,
        "navigation": "fintrust.console.navigation.sidebar",
    },
}
CSRF_FAILURE_VIEW = "fintrust.problems.csrf_failure"
