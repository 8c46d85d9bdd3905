"""How Unfold looks and what its menu holds; read by the settings."""

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

Allowed = Callable[[HttpRequest], bool]
OWN_ENTRIES: Final = ("desk", "flow_monitor")


def _sees(label: str) -> Allowed:
    def allowed(request: HttpRequest) -> bool:
        from mingchi.backoffice import access

        return access.sees(request.user, label)

    return allowed


def _item(title: Any, icon: str, label: str, **more: Any) -> dict[str, Any]:
    app, model = label.split(".")
    link = reverse_lazy(f"admin:{app}_{model}_changelist")
    return {
        "title": capfirst(str(title)),
        "icon": icon,
        "link": link,
        "permission": _sees(label),
        "active": lambda request: str(link) in request.path and not _has_own_entry(request),
        **more,
    }


def _has_own_entry(request: HttpRequest) -> bool:
    """Whether this page stands in the menu itself, beside the list below which it lies."""
    match = request.resolver_match
    return match is not None and match.url_name in OWN_ENTRIES


def _page(title: Any, icon: str, label: str, name: str) -> dict[str, Any]:
    """A page of its own beside a table's list, for whoever sees the table."""
    link = reverse_lazy(f"admin:{name}")
    return {
        "title": title,
        "icon": icon,
        "link": link,
        "permission": _sees(label),
        "active": lambda request: request.path == str(link),
    }


def _group(title: Any, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "separator": True, "collapsible": False, "items": list(items)}


def environment(request: HttpRequest) -> list[Any] | None:
    """The mark that every page of a sandbox carries."""
    from django.conf import settings

    return None if settings.LIVE else [_("sandbox"), "warning"]


def site_title(request: HttpRequest) -> str:
    """The name of the site; on the page where one signs in it is the only place for the mark."""
    from django.conf import settings

    name = str(_("Mingchi back office"))
    return name if settings.LIVE else name + str(_(" (sandbox)"))


_BLUE: Final = {
    "50": "#eef6fb",
    "100": "#d8eaf5",
    "200": "#b4d6ea",
    "300": "#82b9d9",
    "400": "#4c97c3",
    "500": "#2d7aa9",
    "600": "#20618c",
    "700": "#1b4e72",
    "800": "#19425f",
    "900": "#183850",
    "950": "#0f2436",
}

UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": "mingchi.backoffice.theme.site_title",
    "SITE_HEADER": _("Mingchi"),
    "SITE_SUBHEADER": _("back office"),
    "SITE_SYMBOL": "water_drop",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("backoffice/icon.svg"),
        }
    ],
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "SHOW_LANGUAGES": True,
    "ENVIRONMENT": "mingchi.backoffice.theme.environment",
    "DASHBOARD_CALLBACK": "mingchi.backoffice.dashboard.dashboard",
    "LOGIN": {"form": "mingchi.backoffice.sign_in.SignInForm"},
    "COLORS": {"primary": _BLUE},
    "STYLES": [lambda request: static("backoffice/backoffice.css")],
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "mingchi.backoffice.theme.navigation",
    },
}


# Groups of the menu: title, then title, icon and table of each page.
_MENU: Final = (
    (
        _("Shop"),
        (
            (_("orders"), "receipt_long", "orders.order"),
            (_("refunds"), "assignment_return", "orders.refund"),
            (_("after-sales cases"), "support_agent", "orders.aftersalescase"),
            (_("reviews"), "reviews", "reviews.review"),
            (_("products"), "inventory_2", "catalogue.product"),
            (_("SKUs"), "barcode", "catalogue.sku"),
            (_("categories"), "category", "catalogue.category"),
            (_("brands"), "verified", "catalogue.brand"),
            (_("coupons"), "confirmation_number", "pricing.coupon"),
            (_("members' coupons"), "local_activity", "pricing.membercoupon"),
            (_("shipping templates"), "local_shipping", "pricing.shippingtemplate"),
            (_("flows"), "account_tree", "fulfilment.flowdefinition"),
            (_("merchants"), "storefront", "merchants.merchant"),
        ),
    ),
    (
        _("Shop window"),
        (
            (_("banners"), "view_carousel", "catalogue.banner"),
            (_("home shelves"), "view_agenda", "catalogue.homeshelf"),
            (_("hot search words"), "trending_up", "catalogue.hotword"),
        ),
    ),
    (
        _("Fulfilment"),
        (
            (_("running flows"), "route", "fulfilment.flowinstance"),
            (_("work items"), "checklist", "fulfilment.workitem"),
            (_("holds"), "pan_tool", "fulfilment.hold"),
            (_("signals"), "cell_tower", "fulfilment.signal"),
        ),
    ),
    (
        _("Members"),
        (
            (_("members"), "group", "members.member"),
            (_("regional agents"), "map", "members.agentappointment"),
            (_("shareholders"), "pie_chart", "members.shareholderappointment"),
            (_("ranks set by hand"), "military_tech", "members.rankchange"),
            (_("sponsor changes"), "account_tree", "members.sponsorchange"),
        ),
    ),
    (
        _("Points pool"),
        (
            (_("pool and price"), "water", "rebates.programme"),
            (_("positions"), "stacks", "rebates.position"),
            (_("plan versions"), "tune", "rebates.planversion"),
            (_("events"), "bolt", "rebates.event"),
            (_("events set aside"), "report", "rebates.setaside"),
        ),
    ),
    (
        _("Money"),
        (
            (_("payments"), "payments", "payments.payment"),
            (_("gateway notices"), "notifications", "payments.gatewaynotice"),
            (_("money sent back"), "undo", "payments.paymentrefund"),
            (_("gateway bills"), "receipt", "payments.billday"),
            (_("differences to bills"), "rule", "payments.billdifference"),
            (_("redemptions"), "redeem", "payouts.redemption"),
            (_("withdrawals"), "account_balance", "payouts.withdrawal"),
            (_("merchants' statements"), "summarize", "payouts.merchantstatement"),
            (_("payouts to merchants"), "send_money", "payouts.merchantpayout"),
            (_("merchants' bank accounts"), "credit_card", "payouts.merchantaccount"),
        ),
    ),
    (
        _("Ledger"),
        (
            (_("settlement entries"), "menu_book", "ledger.entry"),
            (_("cash entries"), "book", "ledger.cashentry"),
            (_("balances"), "balance", "ledger.accountbalance"),
            (_("batches"), "link", "ledger.batch"),
        ),
    ),
    (
        _("Administration"),
        (
            (_("staff accounts"), "badge", "foundation.user"),
            (_("merchant staff"), "groups", "merchants.merchantstaff"),
            (_("audit records"), "fact_check", "foundation.auditrecord"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu, without what the account may not see."""
    from mingchi.backoffice import proposals

    waiting = proposals.waiting_for(request.user)
    badge = {"badge": str(waiting), "badge_variant": "primary"} if waiting else {}
    return [
        {
            "items": [
                {
                    "title": _("Overview"),
                    "icon": "dashboard",
                    "link": lambda request: reverse("admin:index"),
                },
                _page(_("Work desk"), "assignment", "fulfilment.workitem", "desk"),
                _page(
                    _("Where orders wait"),
                    "monitoring",
                    "fulfilment.flowinstance",
                    "flow_monitor",
                ),
                _item(_("proposals"), "how_to_vote", "foundation.proposal", **badge),
            ],
        },
        *[_group(title, *[_item(*page) for page in pages]) for title, pages in _MENU],
    ]
