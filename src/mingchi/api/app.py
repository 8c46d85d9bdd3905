"""The REST API: its routers, each under its own address."""

from ninja import NinjaAPI, Swagger

from mingchi import __version__
from mingchi.api import errors
from mingchi.api.routers import (
    auth,
    catalogue,
    orders,
    payments,
    points,
    programme,
    staff_accounts,
    staff_catalogue,
    staff_members,
    staff_money,
    staff_orders,
    staff_plans,
    staff_session,
    staff_watch,
    wallet,
)

api = NinjaAPI(
    title="Mingchi 明池",
    version=__version__,
    description=(
        "Money is in fen, points in micro-points, rates in parts per million, all whole numbers. "
        "Every POST that moves money needs an `Idempotency-Key`. Errors have one shape, in the "
        "language of `Accept-Language` (zh-Hans, en)."
    ),
    docs=Swagger(settings={"persistAuthorization": False, "validatorUrl": None}),
    urls_namespace="api",
)
errors.install(api)

for prefix, router in (
    ("/members", auth.router),
    ("/shop", catalogue.router),
    ("/orders", orders.router),
    ("/points", points.router),
    ("/wallet", wallet.router),
    ("/payments", payments.router),
    ("/programme", programme.router),
    ("/staff/session", staff_session.router),
    ("/staff/members", staff_members.router),
    ("/staff/accounts", staff_accounts.router),
    ("/staff/plans", staff_plans.router),
    ("/staff", staff_orders.router),
    ("/staff", staff_catalogue.router),
    ("/staff", staff_money.router),
    ("/staff", staff_watch.router),
):
    api.add_router(prefix, router)
