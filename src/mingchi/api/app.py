"""The REST API: its routers, each under its own address."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI, Swagger
from ninja.openapi.schema import OpenAPISchema

from mingchi import __version__
from mingchi.api import errors, naming
from mingchi.api.routers import (
    addresses,
    after_sales,
    auth,
    cart,
    catalogue,
    checkouts,
    coupons,
    favourites,
    gateways,
    orders,
    payments,
    points,
    programme,
    reviews,
    staff_accounts,
    staff_after_sales,
    staff_bills,
    staff_catalogue,
    staff_desk,
    staff_flow_tables,
    staff_flows,
    staff_members,
    staff_merchants,
    staff_money,
    staff_monitor,
    staff_orders,
    staff_plans,
    staff_pricing,
    staff_reviews,
    staff_running,
    staff_session,
    staff_settlement,
    staff_watch,
    staff_window,
    wallet,
    wechat,
)


class Api(NinjaAPI):
    """Works its OpenAPI out once: that takes seconds, and anybody may ask for it."""

    _schema: OpenAPISchema | None = None

    def get_openapi_schema(self, **_where: Any) -> OpenAPISchema:
        """The OpenAPI, the same for everybody."""
        if self._schema is None:
            self._schema = super().get_openapi_schema()
        return self._schema


class Docs(Swagger):
    """Swagger UI from our own static files. It sends the CSRF token, so that staff who are
    signed in can try their routes."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """The page; settings go in as data, no script stands in it."""
        settings = {**self.settings, "url": self.get_openapi_url(api, kwargs)}
        context = {"swagger_settings": json.dumps(settings), "api": api, "add_csrf": True}
        return render(request, self.template, context)


api = Api(
    title="Mingchi 明池",
    version=__version__,
    description=(
        "Money is in fen, points in micro-points, rates in parts per million, all whole numbers. "
        "Every POST that moves money needs an `Idempotency-Key`. Errors have one shape, in the "
        "language of `Accept-Language` (zh-Hans, en)."
    ),
    docs=Docs(settings={"persistAuthorization": False, "validatorUrl": None}),
    urls_namespace="api",
)
errors.install(api)
naming.install()

for prefix, router in (
    ("/members/addresses", addresses.router),
    ("/members/wechat", wechat.router),
    ("/members", auth.router),
    ("/areas", addresses.areas_router),
    ("/shop", catalogue.router),
    ("/coupons", coupons.router),
    ("/shop", favourites.router),
    ("/cart", cart.router),
    ("/checkout", checkouts.router),
    ("/shop", reviews.shop_router),
    ("/reviews", reviews.router),
    ("/pictures", reviews.pictures_router),
    ("/checkouts", checkouts.placed_router),
    ("/orders", orders.router),
    ("/after-sales", after_sales.router),
    ("/points", points.router),
    ("/wallet", wallet.router),
    ("/payments", payments.router),
    ("/payments", wechat.payer_router),
    ("/gateways", gateways.router),
    ("/programme", programme.router),
    ("/staff/session", staff_session.router),
    ("/staff/members", staff_members.router),
    ("/staff/accounts", staff_accounts.router),
    ("/staff/plans", staff_plans.router),
    ("/staff/flows", staff_flow_tables.router),
    ("/staff/flows", staff_flows.router),
    ("/staff/flows", staff_running.router),
    ("/staff/desk", staff_desk.router),
    ("/staff/monitor", staff_monitor.router),
    ("/staff", staff_orders.router),
    ("/staff", staff_after_sales.router),
    ("/staff", staff_reviews.router),
    ("/staff", staff_catalogue.router),
    ("/staff", staff_window.router),
    ("/staff", staff_merchants.router),
    ("/staff", staff_money.router),
    ("/staff", staff_pricing.router),
    ("/staff", staff_bills.router),
    ("/staff", staff_settlement.router),
    ("/staff", staff_watch.router),
):
    api.add_router(prefix, router)
