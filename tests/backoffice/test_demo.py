"""The demo: the same figures from the same seed, nothing to find for verify, and when not."""

from datetime import date, timedelta

import pytest
from django.db.models import Model
from pytest_django import DjangoDbBlocker, Settings
from tests import databases, demo_shop
from tests.demo_shop import SMALL
from tests.usecases.shop import member

from mingchi.catalogue.models import Category, Product
from mingchi.foundation import clock
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import Proposal, User
from mingchi.members.models import Member
from mingchi.orders.models import Checkout, Notification, Order, Refund
from mingchi.payments.bills import day_of
from mingchi.payments.models import Payment, PaymentRefund
from mingchi.rebates import queries, verify
from mingchi.rebates.models import Event, SetAside
from mingchi.rebates.settlement import Settler
from mingchi.usecases import demo
from mingchi.usecases.demo import goods, people
from mingchi.usecases.open_platform import open_platform
from mingchi.usecases.reconcile import reconcile


def _figures() -> dict[str, object]:
    standing = queries.standing()
    return {
        "pool": (standing.pool_fen, standing.supply_upt),
        "events": list(Event.objects.order_by("pk").values_list("key", flat=True)),
        "orders": list(Order.objects.order_by("pk").values_list("goods_fen", "state")),
        "members": list(Member.objects.order_by("pk").values_list("phone", "name", "sponsor_id")),
        "refunds": list(Refund.objects.order_by("pk").values_list("amount_fen", "state")),
    }


def _days(model: type[Model], column: str) -> set[date]:
    """The days, by Beijing's clock, on which it happened."""
    found = model._default_manager.exclude(**{column: None})
    return {day_of(at) for at in found.values_list(column, flat=True)}


def test_the_same_seed_gives_the_same_figures_and_verify_finds_nothing(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> None:
    with demo_shop.loaded(django_db_blocker):
        first = _figures()
    with django_db_blocker.unblock(), databases.copied():
        heard: list[int] = []
        assert demo.load(size=SMALL, progress=heard.append).created
        assert _figures() == first
        assert heard == sorted(heard)
        assert verify.main([]) == 0
        assert not SetAside.objects.exists()
        assert (Product.objects.count(), Category.objects.count()) == (40, 18)
        assert Member.objects.count() == SMALL.members
        assert Checkout.objects.count() == SMALL.orders < Order.objects.count()  # some of two shops
        kinds = set(Event.objects.values_list("kind", flat=True))
        assert {"order", "redeem", "close", "subsidy", "plan", "rank", "agent"} <= kinds
        assert Proposal.objects.filter(state="asked").count() >= 2
        assert len(_days(Notification, "sent_at")) > 2, "members are told as things happen"
        tomorrow = clock.now() + timedelta(days=1)
        for day in sorted(_days(Payment, "paid_at"))[:3] + sorted(_days(PaymentRefund, "paid_at")):
            assert reconcile(gateway="sandbox", day=day, now=tomorrow).balanced, day
        assert not demo.load(size=SMALL).created
        assert _figures() == first


def test_its_accounts_are_there_and_onlookers_can_change_nothing() -> None:
    logins = {row[1] for row in demo.accounts()}
    assert {"owner", "operator", "finance", "demo-operator", "demo-auditor"} <= logins
    working = {account.role for account in people.STAFF if account.login.startswith("tea-")}
    assert working == {
        f"merchant:{one}:0" for one in ("manager", "warehouse", "finance", "service")
    }
    looks_only = {account.login for account in people.STAFF if account.is_read_only}
    assert looks_only == {"demo-operator", "demo-finance", "demo-auditor"}


def test_live_mode_has_no_demo(settings: Settings) -> None:
    settings.LIVE = True
    with pytest.raises(DomainError, match="demo_in_live"):
        demo.load()


@pytest.mark.django_db
def test_a_platform_in_use_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    open_platform()
    member()
    with pytest.raises(DomainError, match="platform_in_use"):
        demo.load()
    assert demo.main([]) == 1
    assert "mingchi demo:" in capsys.readouterr().err
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_running_settler_is_not_disturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    open_platform()
    monkeypatch.setattr(Settler, "take_over", lambda self, wait: False)
    with pytest.raises(DomainError, match="settler_running"):
        demo.load()


def test_no_text_of_the_shop_promises_anything() -> None:
    forbidden = ("稳赚", "保本", "只涨不跌", "躺赚", "翻倍", "单边上扬")
    for article in goods.articles():
        assert not any(word in article.title + article.description for word in forbidden)
        for variant in article.variants:
            shares = variant.shares or (variant.price_fen * 3 // 10,) * 2
            assert variant.cost_fen + sum(shares) <= variant.price_fen
