"""Numbers of accounts and rules, and their names; both are for ever."""

import pytest

from mingchi.ledger import accounts, rules

ACCOUNTS = {
    accounts.wallet(17): (1711, "wallet:17", False),
    accounts.merchant(3): (310, "merchant:3", False),
    accounts.pool(1): (112, "pool:1", False),
    accounts.points(17): (1750, "points:17", True),
    accounts.points_issued(1): (151, "points_issued:1", True),
    accounts.cash("bank"): (107, "cash:bank", False),
    accounts.cash("sandbox"): (207, "cash:sandbox", False),
    accounts.cash("cod"): (307, "cash:cod", False),
    accounts.cash("wechat"): (407, "cash:wechat", False),
    accounts.cash("alipay"): (507, "cash:alipay", False),
    accounts.order_held(): (1, "order_held", False),
    accounts.awards_waiting(): (2, "awards_waiting", False),
    accounts.withdrawal_pending(): (3, "withdrawal_pending", False),
    accounts.refund_pending(): (4, "refund_pending", False),
    accounts.gateway_fee(): (5, "gateway_fee", False),
    accounts.shipping(): (6, "shipping", False),
    accounts.platform(): (13, "platform", False),
    accounts.subsidy(): (14, "subsidy", False),
    accounts.tax_withheld(): (15, "tax_withheld", False),
    accounts.refund_loss(): (16, "refund_loss", False),
    907: (907, "cash:9", False),
    42: (42, "kind 42", False),
}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_account(account: int) -> None:
    number, name, holds_points = ACCOUNTS[account]
    assert account == number
    assert accounts.name(account) == name
    assert accounts.holds_points(account) is holds_points
    assert accounts.number(accounts.kind_of(account), accounts.owner_of(account)) == account


def test_no_place_without_a_number() -> None:
    with pytest.raises(KeyError):
        accounts.cash("elsewhere")


def test_every_rule_that_the_engine_posts_by_has_a_number() -> None:
    assert rules.CODES == {
        "sale": 1,
        "cost": 2,
        "contribution": 3,
        "platform": 4,
        "unclaimed": 5,
        "grant": 6,
        "leftover": 7,
        "redeem": 8,
        "exit": 9,
        "subsidy": 10,
        "refund": 11,
        "burn": 12,
        "return": 13,
        "loss": 14,
        "direct": 20,
        "indirect": 21,
        "levels": 22,
        "differential": 23,
        "peer": 24,
        "region": 25,
        "dividend": 26,
    }
    assert {rules.name(code) for code in rules.AWARDS} == {
        "direct",
        "indirect",
        "levels",
        "differential",
        "peer",
        "region",
        "dividend",
    }


def test_a_rule_carries_its_line() -> None:
    assert (rules.name(302), rules.line(302)) == ("cost", 3)
    assert rules.name(99) == "rule 99"
