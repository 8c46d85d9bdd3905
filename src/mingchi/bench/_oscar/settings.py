"""django-oscar with oscarapi as their documentation sets them up: a shop to compare ours with.

Runs in an environment of its own (requirements/oscar.lock), never beside ours in one process.
"""

import os

from oscar.defaults import *  # noqa: F403

SECRET_KEY = "of a benchmark on this machine"  # noqa: S105
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "oscar",
        "USER": os.environ.get("OSCAR_USER", ""),
        "HOST": os.environ.get("OSCAR_HOST", ""),
        "CONN_MAX_AGE": None,
        "ATOMIC_REQUESTS": True,
    }
}
INSTALLED_APPS = [
    *(f"django.contrib.{name}" for name in ("auth", "contenttypes", "sessions", "sites")),
    *(f"django.contrib.{name}" for name in ("messages", "staticfiles", "flatpages")),
    "oscar.config.Shop",
    "oscar.apps.analytics.apps.AnalyticsConfig",
    "oscar.apps.checkout.apps.CheckoutConfig",
    "oscar.apps.address.apps.AddressConfig",
    "oscar.apps.shipping.apps.ShippingConfig",
    "oscar.apps.catalogue.apps.CatalogueConfig",
    "oscar.apps.catalogue.reviews.apps.CatalogueReviewsConfig",
    "oscar.apps.communication.apps.CommunicationConfig",
    "oscar.apps.partner.apps.PartnerConfig",
    "oscar.apps.basket.apps.BasketConfig",
    "oscar.apps.payment.apps.PaymentConfig",
    "oscar.apps.offer.apps.OfferConfig",
    "oscar.apps.order.apps.OrderConfig",
    "oscar.apps.customer.apps.CustomerConfig",
    "oscar.apps.search.apps.SearchConfig",
    "oscar.apps.voucher.apps.VoucherConfig",
    "oscar.apps.wishlists.apps.WishlistsConfig",
    "oscar.apps.dashboard.apps.DashboardConfig",
    *(
        f"oscar.apps.dashboard.{name}.apps.{title}DashboardConfig"
        for name, title in (
            ("reports", "Reports"),
            ("users", "Users"),
            ("orders", "Orders"),
            ("catalogue", "Catalogue"),
            ("offers", "Offers"),
            ("partners", "Partners"),
            ("pages", "Pages"),
            ("ranges", "Ranges"),
            ("reviews", "Reviews"),
            ("vouchers", "Vouchers"),
            ("communications", "Communications"),
            ("shipping", "Shipping"),
        )
    ),
    *("widget_tweaks", "haystack", "treebeard", "django_tables2", "rest_framework", "oscarapi"),
]
SITE_ID = 1
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "oscarapi.middleware.ApiBasketMiddleWare",
]
AUTHENTICATION_BACKENDS = [
    "oscar.apps.customer.auth_backends.EmailBackend",
    "django.contrib.auth.backends.ModelBackend",
]
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
ROOT_URLCONF = "urls"
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True
STATIC_URL = "/static/"
# Whoever buys, with an account or without; no mail is sent.
OSCAR_ALLOW_ANON_CHECKOUT = True
OSCARAPI_BLOCK_ADMIN_API_ACCESS = True
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
OSCAR_INITIAL_ORDER_STATUS = "Pending"
OSCAR_INITIAL_LINE_STATUS = "Pending"
