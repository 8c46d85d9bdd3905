"""Which address leads to which room."""

from django.contrib import admin
from django.urls import include, path

from mingchi.api import errors, health, media
from mingchi.api.app import api
from mingchi.backoffice.sign_in import change_password
from mingchi.storefront.page import storefront

urlpatterns = [
    path("", storefront),
    path("healthz", health.healthz),
    path("metrics", health.metrics_page),
    path("api/", api.urls),
    path("media/<path:name>", media.picture),
    path("admin/password_change/", change_password),
    path("admin/i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]

handler400, handler403 = errors.handler400, errors.handler403
handler404, handler500 = errors.handler404, errors.handler500
