"""Role by page: who sees what, whose rows, in how many queries; and that nobody sees more."""

import re
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.urls import resolve, reverse
from pytest_django import DjangoAssertNumQueries
from tests.backoffice.conftest import SignIn
from tests.usecases.shop import staff

from mingchi.backoffice import access
from mingchi.backoffice.acts import merchant_of
from mingchi.foundation import roles
from mingchi.foundation.models import User
from mingchi.merchants.models import Merchant, MerchantStaff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]
MERCHANT = [f"merchant:{role}" for role in MerchantStaff.Role.values]
SCOPED = [model for model in admin.site._registry if hasattr(model, "MERCHANT_PATH")]
PAGES = {f"{m._meta.app_label}.{m._meta.model_name}": m for m in admin.site._registry}


def account(role: str) -> User:
    kind, _colon, name = role.partition(":")
    if kind == "merchant":
        return staff(merchant=Merchant.objects.order_by("pk").last(), role=name)
    return staff(role)


def status(user: User, address: str) -> int:
    """What the page answers, before it is rendered: rights are asked in its view."""
    request = RequestFactory().get(address)
    request.user = user
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    match = resolve(address)
    try:
        return int(match.func(request, *match.args, **match.kwargs).status_code)
    except PermissionDenied:
        return 403


@pytest.mark.parametrize("role", [*roles.ALL, *MERCHANT])
def test_every_page_answers_those_and_only_those_who_may_see_it(role: str, sign_in: SignIn) -> None:
    user = account(role)
    menu = sign_in(user).get(reverse("admin:index")).content.decode()
    for label, model in PAGES.items():
        allowed = role in access.SEES[label]
        name = f"admin:{label.replace('.', '_')}"
        listed = reverse(f"{name}_changelist")
        expected = (302 if label == "rebates.programme" else 200) if allowed else 403
        assert status(user, listed) == expected, label
        assert (f'href="{listed}"' in menu) == allowed, label
        row = model._default_manager.order_by("pk").last()
        if row is None:
            continue
        found = status(user, reverse(f"{name}_change", args=[row.pk]))
        if not allowed:
            assert found in (302, 403), label
        elif role not in MERCHANT:
            assert found == 200, label


@pytest.mark.parametrize("role", [*roles.ALL, *MERCHANT])
def test_no_page_links_to_what_its_reader_may_not_open(role: str, sign_in: SignIn) -> None:
    user = account(role)
    led_to = {}
    for page, html in pages_of(role, sign_in(user)):
        for address, kind in re.findall(r'href="((/admin/[^"?]+)/[^/"?]+/change/)', html):
            # Of the platform's staff who sees one row of a table sees all of them.
            led_to[address if role in MERCHANT else kind] = address, page
    assert led_to
    refused = {page: address for address, page in led_to.values() if status(user, address) != 200}
    assert refused == {}


def pages_of(role: str, client: Client) -> Iterator[tuple[str, str]]:
    """The first page, each list and the first thing in it, as they are rendered."""
    yield "", client.get(reverse("admin:index")).content.decode()
    for label in PAGES:
        if role not in access.SEES[label] or label == "rebates.programme":
            continue
        listed = reverse(f"admin:{label.replace('.', '_')}_changelist")
        shown = client.get(listed)
        yield listed, shown.content.decode()
        for first in list(shown.context_data["cl"].result_list)[:1]:  # type: ignore[attr-defined]
            address = f"{listed}{first.pk}/change/"
            yield address, client.get(address).content.decode()


@pytest.mark.parametrize("label", sorted(set(PAGES) - {"rebates.programme"}))
def test_pages_are_rendered_in_few_queries_however_long(
    label: str, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in(account("owner"))
    name = f"admin:{label.replace('.', '_')}"
    with django_assert_max_num_queries(18):
        assert client.get(reverse(f"{name}_changelist")).status_code == 200
    row = PAGES[label]._default_manager.order_by("pk").last()
    if row is not None:
        assert client.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200


def test_refusals_are_pages_too(sign_in: SignIn) -> None:
    client = sign_in(account("service"))
    refused = client.get(reverse("admin:ledger_entry_changelist"))
    missing = client.get(reverse("admin:members_member_do", args=[1, "nothing"]))
    assert (refused.status_code, missing.status_code) == (403, 404)
    assert b"Your role does not allow this." in refused.content
    assert b"There is nothing at this address." in missing.content


@pytest.mark.parametrize("model", PAGES.values(), ids=lambda m: m.__name__)
def test_not_even_the_owner_adds_or_deletes_past_the_use_cases(
    model: type, sign_in: SignIn
) -> None:
    client = sign_in(account("owner"))
    meta = model._meta  # type: ignore[attr-defined]
    name = f"admin:{meta.app_label}_{meta.model_name}"
    row = model._default_manager.order_by("pk").last()  # type: ignore[attr-defined]
    assert client.post(reverse(f"{name}_add"), {}).status_code == 403
    if row is not None:
        for word in ("delete", "change"):
            answer = client.post(reverse(f"{name}_{word}", args=[row.pk]), {"post": "yes"})
            assert answer.status_code == 403, word
        assert model._default_manager.filter(pk=row.pk).exists()  # type: ignore[attr-defined]


def test_the_table_names_every_page_and_no_other() -> None:
    assert set(access.SEES) == set(PAGES)


@pytest.mark.parametrize(
    ("role", "label"),
    [
        ("service", "ledger.entry"),
        ("service", "foundation.auditrecord"),
        ("operator", "foundation.user"),
        ("operator", "ledger.entry"),
        ("merchant:manager", "members.member"),
        ("merchant:manager", "rebates.programme"),
        ("merchant:clerk", "payments.payment"),
        ("merchant:finance", "catalogue.product"),
    ],
)
def test_what_a_role_must_not_see(role: str, label: str) -> None:
    assert role not in access.SEES[label]


def test_nobody_gets_in_without_a_staff_account(sign_in: SignIn) -> None:
    outsider = User.objects.create(username="outsider", is_staff=False)
    former = staff("owner")
    former.is_active = False
    former.save()
    for client in (sign_in(outsider), sign_in(former), Client()):
        answer = client.get(reverse("admin:orders_order_changelist"))
        assert answer.status_code == 302
        assert "login" in answer["Location"]


def test_an_account_without_a_role_sees_an_empty_page(sign_in: SignIn) -> None:
    client = sign_in(staff())
    answer = client.get(reverse("admin:index"))
    assert answer.status_code == 200
    assert b"bo-panel-title" not in answer.content


def test_the_dashboard_shows_a_merchant_only_its_own(sign_in: SignIn) -> None:
    page = sign_in(account("merchant:clerk")).get(reverse("admin:index")).content.decode()
    assert "Today" in page
    assert "circulating points" not in page
    assert "new members" not in page
    assert "Proposals that wait" not in page


@pytest.fixture
def merchants() -> tuple[Merchant, Merchant]:
    mine, other = Merchant.objects.filter(is_demo=True).order_by("pk")
    return mine, other


@pytest.fixture(params=["manager", "clerk", "finance"])
def client(request: pytest.FixtureRequest, merchants: tuple[Merchant, Merchant]) -> Client:
    browser = Client(headers={"accept-language": "en"})
    browser.force_login(staff(merchant=merchants[0], role=request.param))
    return browser


@pytest.mark.parametrize("model", SCOPED, ids=lambda m: m.__name__)
def test_rows_of_another_merchant_are_not_there(
    model: type, client: Client, merchants: tuple[Merchant, Merchant]
) -> None:
    mine, other = merchants
    meta = model._meta  # type: ignore[attr-defined]
    name = f"admin:{meta.app_label}_{meta.model_name}"
    found = client.get(reverse(f"{name}_changelist"))
    if found.status_code == 200:
        rows = found.context_data["cl"].result_list  # type: ignore[attr-defined]
        assert {merchant_of(row) for row in rows} <= {mine.pk}
    path = model.MERCHANT_PATH  # type: ignore[attr-defined]
    theirs = model.objects.filter(**{path: other.pk}).first()  # type: ignore[attr-defined]
    if theirs is not None:
        assert client.get(reverse(f"{name}_change", args=[theirs.pk])).status_code in (302, 403)


@pytest.mark.parametrize("model", SCOPED, ids=lambda m: m.__name__)
def test_acts_on_another_merchants_rows_find_nothing(
    model: type, client: Client, merchants: tuple[Merchant, Merchant]
) -> None:
    meta = model._meta  # type: ignore[attr-defined]
    path = model.MERCHANT_PATH  # type: ignore[attr-defined]
    theirs = model.objects.filter(**{path: merchants[1].pk}).first()  # type: ignore[attr-defined]
    for act in admin.site._registry[model].acts if theirs is not None else ():
        address = reverse(
            f"admin:{meta.app_label}_{meta.model_name}_do", args=[theirs.pk, act.name]
        )
        assert client.post(address, {}).status_code == 404, act.name


def test_a_manager_offers_goods_of_the_own_shop_only(
    merchants: tuple[Merchant, Merchant], sign_in: SignIn
) -> None:
    client = sign_in(staff(merchant=merchants[0], role="manager"))
    page = client.get(reverse("admin:catalogue_product_do_on_list", args=["add"]))
    choices = page.context_data["form"].fields["merchant_id"].choices  # type: ignore[attr-defined]
    assert [key for key, _name in choices] == [merchants[0].pk]


def test_no_more_than_two_fields_share_a_row() -> None:
    """Labels are as wide for three, and lie over the fields before them."""
    rows = [row for page in admin.site._registry.values() for row in page.fields or ()]
    assert rows
    assert [row for row in rows if isinstance(row, tuple) and len(row) > 2] == []
