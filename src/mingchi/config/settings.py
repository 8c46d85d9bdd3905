"""Django's settings. Secrets come from the environment; live mode refuses what is missing."""

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from mingchi.backoffice.theme import UNFOLD as UNFOLD
from mingchi.config import environment, gateways, wechat_sign_in
from mingchi.config.database import django_database
from mingchi.foundation.logs import django_logging
from mingchi.storefront import page

MODE = environment.mode()
LIVE = MODE == environment.LIVE
VAR = environment.var_dir()
DEBUG = False
SECRET_KEY = environment.secret("MINGCHI_SECRET_KEY")
GATEWAY_SECRET = environment.secret("MINGCHI_GATEWAY_SECRET")
# Payment gateways by code, beside the sandbox and the cash at the door.
GATEWAYS = gateways.configured()
# Our apps at WeChat, by which members sign in; None for none.
WECHAT_SIGN_IN = wechat_sign_in.configured()
ALLOWED_HOSTS = environment.hosts()

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "ninja",
    "procrastinate.contrib.django",
    "mingchi.foundation",
    "mingchi.ledger",
    "mingchi.members",
    "mingchi.merchants",
    "mingchi.catalogue",
    "mingchi.pricing",
    "mingchi.orders",
    "mingchi.reviews",
    "mingchi.payments",
    "mingchi.fulfilment",
    "mingchi.payouts",
    "mingchi.rebates",
    "mingchi.usecases",
    "mingchi.backoffice",
]

MIDDLEWARE = [
    "mingchi.api.middleware.RequestContext",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "mingchi.api.middleware.FrontDoor",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "mingchi.api.middleware.AdminPolicy",
    "mingchi.backoffice.looking.Looking",
]

LOGIN_URL = LOGIN_REDIRECT_URL = "/admin/"
ROOT_URLCONF = "mingchi.config.urls"
WSGI_APPLICATION = "mingchi.config.wsgi.application"
AUTH_USER_MODEL = "foundation.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": django_database()}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Named here too, so that a template of ours stands before Unfold's of the same name.
        "DIRS": [Path(__file__).resolve().parents[1] / "backoffice" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# How long an order, and what comes after it, waits for each next step.
PAY_WITHIN_MINUTES = environment.number("MINGCHI_PAY_WITHIN_MINUTES", 30, most=10_000)
RECEIVE_WITHIN_DAYS = environment.number("MINGCHI_RECEIVE_WITHIN_DAYS", 15, most=365)
STATEMENT_PERIOD = environment.one_of("MINGCHI_STATEMENT_PERIOD", ("month", "day"))
FLOW_KEEP_DAYS = environment.number("MINGCHI_FLOW_KEEP_DAYS", 90, most=3650)
RETURN_WINDOW_DAYS = environment.number("MINGCHI_RETURN_WINDOW_DAYS", 7, most=365)
AFTER_SALES_WITHIN_DAYS = environment.number("MINGCHI_AFTER_SALES_WITHIN_DAYS", 15, most=3650)
SEND_BACK_WITHIN_DAYS = environment.number("MINGCHI_SEND_BACK_WITHIN_DAYS", 7, most=365)
# How far staff may lower a price before payment.
PRICE_CHANGE_PERCENT = environment.number("MINGCHI_PRICE_CHANGE_PERCENT", 30, most=99)
# What a coupon of the platform may cost in all before a second person has to approve it.
COUPON_BUDGET_FEN = 100 * environment.number("MINGCHI_COUPON_BUDGET_YUAN", 10_000, most=10**9)

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese (simplified)")), ("en", _("English"))]
LOCALE_PATHS = [Path(__file__).resolve().parents[1] / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [page.STATIC]
# Hashed by content: Django's own names, and those of islands and storefront. Browsers keep them
# for good.
WHITENOISE_IMMUTABLE_FILE_TEST = (
    r"(\.[0-9a-f]{12}\.\w+|/(islands/assets|storefront)/.+[.-][\w-]{8}\.\w+)$"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "images": environment.image_storage(),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

LOGGING = django_logging(level=environment.log_level())

# Safe from the start. Cookies are marked secure in live mode only: sandbox speaks plain HTTP.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LIVE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SECURE_SSL_REDIRECT = LIVE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^metrics$"]  # asked from within, without TLS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if LIVE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = LIVE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# How many reverse proxies of ours stand in front; only their word on address and TLS counts.
TRUSTED_PROXIES = environment.trusted_proxies()
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS] if LIVE else []
METRICS_TOKEN = environment.metrics_token()
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", *environment.image_origins()],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
