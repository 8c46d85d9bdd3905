"""Django looks for pages here; they stand in one file a domain."""

from mingchi.backoffice import (  # noqa: F401 - importing registers the pages
    audit,
    catalogue,
    events,
    ledger,
    members,
    merchants,
    orders,
    payments,
    payouts,
    plans,
    pool,
    proposals,
    staff,
)
