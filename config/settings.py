"""All settings, from the environment (documented in `.env.example`)."""

from decimal import Decimal
from pathlib import Path

import environ
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from config.logs import LOGGING  # noqa: F401  read by Django
from districts.postgres.roles import app_url

ROOT = Path(__file__).resolve().parent.parent
env = environ.Env()

SECRET_KEY = env("SECRET_KEY", default="")
DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)  # shows the demo's sign-ins, and the page of mail and SMS that was kept
PRODUCTION = env.bool("PRODUCTION", default=False)

# --- hosts: a district is told by its host name; these are the names that belong to no district -------------------------
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"])  # the district middleware answers 404 to a name it does not know
OPERATOR_HOSTS = env.list("OPERATOR_HOSTS", default=["localhost", "127.0.0.1"])
PUBLIC_PORT = env.str("PUBLIC_PORT", default="")  # in links that leave the house: "" or ":8000"
PUBLIC_SCHEME = "https" if PRODUCTION else "http"
ROOT_URLCONF = "config.urls"
OPERATOR_URLCONF = "config.urls_operator"
WSGI_APPLICATION = "config.wsgi.application"

INSTALLED_APPS = [
    "config",
    "districts",
    "delivery",
    "tickets",
    "sla",
    "knowledge",
    "ownership",
    "incidents",
    "alerts",
    "routing",
    "intake",
    "reporting",
    "config.apps.OperatorsConfig",  # django.contrib.admin, behind our own sign-in
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "anymail",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "districts.probes.ProbeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "districts.middleware.DistrictMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "districts.middleware.ActorMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "districts.context.district",
            ],
        },
    }
]

# --- database: `owner` migrates, `default` serves; the application's role owns nothing and cannot bypass a policy --------
HASH_PARTITIONS = env.int("HASH_PARTITIONS", default=0)
# A process that only serves is not told the owner's URL: its `owner` is then the application's role, which may not migrate.
OWNER_URL = env.str("DATABASE_URL", default="") or env.str("DATABASE_APP_URL", default="") or "postgres://localhost/frontdoor"
APP_URL = env.str("DATABASE_APP_URL", default="") or app_url(OWNER_URL, SECRET_KEY)
_ENGINE = "districts.postgres"
_PREPARING = 2**31 if env.bool("DATABASE_PREPARED", default=True) else None  # times: none but what asks for it (districts.prepared)
# Who waits longer for another's row gives up: a sender is told to come again, a sweep comes again, a migration stops nobody's work.
DATABASE_LOCK_SECONDS = env.int("DATABASE_LOCK_SECONDS", default=10)
_SESSION = f"-c app.district_id=NO-DISTRICT-IN-SCOPE -c lock_timeout={DATABASE_LOCK_SECONDS}s"
_app, _owner = env.db_url_config(APP_URL), env.db_url_config(OWNER_URL)
DATABASES = {
    "default": {
        **_app,
        "ENGINE": _ENGINE,
        "OPTIONS": {
            **_app.get("OPTIONS", {}),  # sslmode and its like, from the URL
            "options": _SESSION,
            "connect_timeout": 5,
            "prepare_threshold": _PREPARING,
            "pool": {"min_size": 1, "max_size": env.int("DATABASE_POOL", default=6), "timeout": 5},
        },
        "TEST": {"MIRROR": "owner"},
    },
    "owner": {
        **_owner,
        "ENGINE": _ENGINE,
        "OPTIONS": {
            **_owner.get("OPTIONS", {}),
            "options": _SESSION,
            "connect_timeout": 5,
            "prepare_threshold": _PREPARING,
        },
        "TEST": {"DEPENDENCIES": [], "NAME": env.str("TEST_DATABASE", default="test_frontdoor")},
    },
}
DATABASE_ROUTERS = ["districts.postgres.router.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- broker: wakes workers, holds nothing that cannot be found again in the tables --------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")

# --- counters: attempts to sign in, codes that were used, texts to strangers; shared by all processes where there is a Redis ---
CACHE_URL = env.str("CACHE_URL", default=REDIS_URL)
_IN_PROCESS = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
CACHES = {
    "default": {"BACKEND": "config.caching.CountersCache", "LOCATION": CACHE_URL, "KEY_PREFIX": f"frontdoor:{_owner['NAME']}"}
    if CACHE_URL
    else _IN_PROCESS,
    "process": {**_IN_PROCESS, "LOCATION": "process"},  # what each process may well know for itself: no round trip
}

# --- people and sign-in ----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "districts.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_ADAPTER = "delivery.adapter.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# An address, and a name, has so many attempts; {} is allauth's own list, and only False is none.
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = False if env.bool("RATE_LIMITS_OFF", default=False) else {}
MFA_RATE_LIMITS = ACCOUNT_RATE_LIMITS
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
# How many of our own proxies add to X-Forwarded-For: the visitor's address is that many from its end.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("PROXY_COUNT", default=1) if BEHIND_PROXY else 0
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
OPERATOR_MFA = env.bool("OPERATOR_MFA", default=True)  # the operators' admin asks for a second step
REQUIRE_STAFF_MFA = env.bool("REQUIRE_STAFF_MFA", default=False)  # so does every page for people with a role in a district
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "districts.views.csrf_failure"

# --- security headers ------------------------------------------------------------------------------------------------
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:"],
    "frame-ancestors": [CSP.NONE],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 31536000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")  # asked for as a bearer token where set

# --- words -----------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [ROOT / "locale", ROOT / "locale" / "allauth"]  # ours, and our words for some of a package's
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = ["config.formats"]

# --- files -----------------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = ROOT / "var" / "static"
STATICFILES_DIRS = [ROOT / "static"]
EMBEDDER_ROOT = env.path("EMBEDDER_ROOT", default=str(ROOT / "var" / "embedder"))
EMBEDDER_THREADS = env.int("EMBEDDER_THREADS", default=1)
FEED_FOLDERS = env.str("FEED_FOLDERS", default="")  # where files of feeds are left: <district>/<feed>/ below it; empty: nowhere
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(ROOT / "var" / "media"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if env.bool("PLAIN_STATIC", default=False)  # tests: no manifest, so no build before them
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
MAX_FILE_BYTES = 25 * 1024 * 1024  # one attachment
MAX_MAIL_BYTES = 38 * 1024 * 1024  # room for such a file: base64 makes 36 MB of it
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- mail and SMS ----------------------------------------------------------------------------------------------------
# DELIVERY_KEEP=1: nothing leaves the house, deliveries are marked "kept" and shown on the demo's page.
DELIVERY_KEEP = env.bool("DELIVERY_KEEP", default=DEMO)
# EMAIL_URL: smtp://user:password@host:port, smtp+tls://…; MAIL_BACKEND: an Anymail backend for a provider's API.
_email = env.email_url("EMAIL_URL", default="smtp://127.0.0.1:25")
_smtp = {
    "host": _email["EMAIL_HOST"],
    "port": _email["EMAIL_PORT"],
    "username": _email["EMAIL_HOST_USER"] or "",
    "password": _email["EMAIL_HOST_PASSWORD"] or "",
    "use_tls": _email.get("EMAIL_USE_TLS", False),
    "timeout": 20,
}
MAIL_BACKEND = env.str("MAIL_BACKEND", default="django.core.mail.backends.smtp.EmailBackend")
MAILERS = {
    "default": {
        "BACKEND": MAIL_BACKEND,
        "OPTIONS": _smtp if MAIL_BACKEND.endswith("smtp.EmailBackend") else {},
    }
}
# MAIL_RETURN_TAGS=0: for a mail server that takes no sender but the one it knows (help@); a bounce then proves little.
MAIL_RETURN_TAGS = env.bool("MAIL_RETURN_TAGS", default=True)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="front-door@localhost")
ANYMAIL = {
    "POSTMARK_SERVER_TOKEN": env.str("POSTMARK_SERVER_TOKEN", default=""),
    "WEBHOOK_SECRET": env.str("ANYMAIL_WEBHOOK_SECRET", default=""),
}
if _mailgun := env.str("MAILGUN_WEBHOOK_SIGNING_KEY", default=""):  # an empty key would be one that everybody knows
    ANYMAIL["MAILGUN_WEBHOOK_SIGNING_KEY"] = _mailgun
SES_BUCKETS = env.list("SES_BUCKETS", default=[])  # "<a district's host>/<bucket>": where Amazon SES may have put its mail
SMTP_DOOR_HOST = env.str("SMTP_DOOR_HOST", default="127.0.0.1")
SMTP_DOOR_PORT = env.int("SMTP_DOOR_PORT", default=2525)
SMTP_RELAYS = env.list("SMTP_RELAYS", default=["127.0.0.0/8", "::1/128"])
MAIL_PRIVATE_HOSTS = env.list("MAIL_PRIVATE_HOSTS", default=[])  # mail servers beside the product that mailboxes may be read from
TWILIO_API = env.str("TWILIO_API", default="https://api.twilio.com")
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
HOUSE_NUMBERS = env.list("HOUSE_NUMBERS", default=[])  # "<a district's host>/<E.164>": given to that district, of the account above
SMS_FROM = env.str("SMS_FROM", default="")  # E.164; for districts whose own phone is not one
# Pictures and recordings may also lie on this machine, over plain http: to try the product, never where a district works.
MEDIA_FROM_HERE = env.bool("MEDIA_FROM_HERE", default=DEMO) and not PRODUCTION

# --- a model elsewhere, where one is plugged in (docs/models.md) ---------------------------------------------------------
MODEL_URL = env.str("MODEL_URL", default="")  # of an OpenAI-compatible API, with its /v1; empty: no model
MODEL_NAME = env.str("MODEL_NAME", default="")
MODEL_KEY = env.str("MODEL_KEY", default="")
MODEL_TIMEOUT = env.float("MODEL_TIMEOUT", default=8.0)  # seconds; the most any question may take (triage waits less)
MODEL_PRICE_IN = Decimal(env.str("MODEL_PRICE_IN", default="0"))  # US dollars a million tokens
MODEL_PRICE_OUT = Decimal(env.str("MODEL_PRICE_OUT", default="0"))
MODEL_PRIVATE_HOSTS = env.list("MODEL_PRIVATE_HOSTS", default=[])  # hosts of our own network it may be at, over plain http too

# --- API -------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["districts.api.ApiKeyAuthentication", "districts.api.SessionActor"],
    "DEFAULT_PERMISSION_CLASSES": ["districts.api.KnownActor"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["districts.api.PlainJSONParser"],
    "EXCEPTION_HANDLER": "districts.problems.answer",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Front door API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SORT_OPERATIONS": False,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
}
API_PER_MINUTE = env.int("API_PER_MINUTE", default=3000)  # requests of one caller
