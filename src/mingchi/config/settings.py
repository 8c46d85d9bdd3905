"""Django's settings. Secrets come from the environment; live mode refuses what is missing."""

from django.utils.translation import gettext_lazy as _

from mingchi.config import environment
from mingchi.config.database import django_database

MODE = environment.mode()
LIVE = MODE == environment.LIVE
VAR = environment.var_dir()
DEBUG = False
SECRET_KEY = environment.secret("MINGCHI_SECRET_KEY")
GATEWAY_SECRET = environment.secret("MINGCHI_GATEWAY_SECRET")
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
    "procrastinate.contrib.django",
    "mingchi.foundation",
    "mingchi.ledger",
    "mingchi.members",
    "mingchi.merchants",
    "mingchi.catalogue",
    "mingchi.orders",
    "mingchi.payments",
    "mingchi.payouts",
    "mingchi.rebates",
    "mingchi.usecases",
    "mingchi.backoffice",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]

ROOT_URLCONF = "mingchi.config.urls"
WSGI_APPLICATION = "mingchi.config.wsgi.application"
AUTH_USER_MODEL = "foundation.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": django_database()}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese (simplified)")), ("en", _("English"))]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
