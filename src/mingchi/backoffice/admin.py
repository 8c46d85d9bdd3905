"""Django looks for pages here; they stand in one file a domain."""

from django.contrib import admin
from procrastinate.contrib.django import models as jobs

from mingchi.backoffice import (  # noqa: F401 - importing registers the pages
    audit,
    bills,
    cases,
    catalogue,
    coupons,
    desk,
    desk_monitor,
    desk_stopped,
    events,
    flows,
    home,
    ledger,
    members,
    merchants,
    orders,
    payments,
    payouts,
    plans,
    pool,
    products,
    proposals,
    reviews,
    settlement,
    shipping,
    staff,
    statements,
)

admin.site.index_template = "backoffice/index.html"
# Jobs of the worker are no business of staff; their pages would let them be edited.
for model in (jobs.ProcrastinateJob,):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
