"""A period is closed once: asked with a preview, decided by another, worked by the settler."""

import pytest
from tests.usecases.shop import Shop, at_once, completed, member, settle, sku, staff

from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import Proposal
from mingchi.ledger import accounts
from mingchi.ledger.balances import balance
from mingchi.rebates.models import Event, SetAside
from mingchi.usecases.appoint import appoint_shareholder
from mingchi.usecases.close_period import ask_close, decide_close, preview_close


def test_dividends_of_the_period_go_to_shareholders(shop: Shop) -> None:
    holder = member()
    appoint_shareholder(by=shop.owner, member_id=holder.pk, weight=3)
    completed(shop, member(), sku(shop.merchant))
    settle()
    before = preview_close(by=shop.finance)
    asked = ask_close(by=shop.finance, period="2026-10", reason="month's end")
    assert Proposal.objects.get(pk=asked).payload == {"period": "2026-10", "preview": before}
    assert balance(accounts.wallet(holder.pk)).balance_fen == 0
    with pytest.raises(DomainError, match="own_proposal"):
        decide_close(by=shop.finance, proposal_id=asked, approve=True)
    with pytest.raises(DomainError, match="not_allowed"):
        decide_close(by=staff("operator"), proposal_id=asked, approve=True)
    assert decide_close(by=shop.owner, proposal_id=asked, approve=True) == "approved"
    assert Event.objects.get(kind="close").key == f"c{asked}"
    settle()
    # The platform's share: 1000 - 300 cost - 300 pool, nobody claimed the 300; 5 % of 400.
    assert balance(accounts.wallet(holder.pk)).balance_fen == 2_000
    assert not SetAside.objects.exists()


def test_a_period_is_closed_once(shop: Shop) -> None:
    first, second = (ask_close(by=shop.finance, period="2026-10") for _ in range(2))
    assert decide_close(by=shop.owner, proposal_id=first, approve=True) == "approved"
    with pytest.raises(DomainError, match="period_closed"):
        decide_close(by=shop.owner, proposal_id=second, approve=True)
    with pytest.raises(DomainError, match="period_closed"):
        ask_close(by=shop.finance, period="2026-10")
    assert decide_close(by=shop.owner, proposal_id=second, approve=False) == "refused"
    assert Event.objects.filter(kind="close").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_closes_of_a_period_at_once_are_one(shop: Shop) -> None:
    asked = [ask_close(by=shop.finance, period="2026-10") for _ in range(4)]

    def decide(key: int) -> str:
        return decide_close(by=shop.owner, proposal_id=key, approve=True)

    answers = at_once([lambda k=k: decide(k) for k in asked])  # type: ignore[misc]
    assert [answer for answer in answers if isinstance(answer, str)] == ["approved"]
    assert Event.objects.filter(kind="close").count() == 1
