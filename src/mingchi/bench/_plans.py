"""The plan that every benchmark with awards uses, so that their figures speak of one thing."""

from typing import Final

_ALL_AWARDS: Final = """
[plan]
name = "all awards"
currency = "CNY"
[split]
distribution = "30%"
pool = "20%"
[points]
opening_price = "1.00"
grant = "70%"
redeem_fee = "20%"
exit_multiple = "EXITS"
[[ranks]]
name = "V1"
rate = "3%"
[[ranks]]
name = "V2"
rate = "6%"
[[ranks]]
name = "V3"
rate = "9%"
[[ranks]]
name = "V4"
rate = "12%"
[[awards]]
kind = "direct"
rate = "5%"
[[awards]]
kind = "indirect"
rate = "2%"
[[awards]]
kind = "differential"
[[awards]]
kind = "peer"
rate = "10%"
[[awards]]
kind = "region"
rates = { district = "1%", city = "0.5%", province = "0.5%" }
"""


def all_awards(*, exits: str) -> str:
    """Direct, indirect, differential over four ranks, peer and region; `exits` the multiple."""
    return _ALL_AWARDS.replace("EXITS", exits)
