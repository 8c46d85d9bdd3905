"""Addresses and areas from outside."""

import pytest
from tests.api.clients import Api, joined

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("merchant")]

HOME = {"name": "张三", "phone": "13800138000", "region": "330106", "detail": "文三路 1 号"}


def test_keeping_addresses() -> None:
    buyer = joined()
    made = buyer.post("/members/addresses", {**HOME, "label": "家"})
    assert made.status == 201
    second = buyer.post("/members/addresses", {**HOME, "region": "441900"}).body["id"]
    listed = buyer.get("/members/addresses").body
    assert [(found["phone"], found["area"], found["is_default"]) for found in listed] == [
        ("138****8000", "浙江省 杭州市 西湖区", True),
        ("138****8000", "广东省 东莞市", False),
    ]
    one = f"/members/addresses/{made.body['id']}"
    assert buyer.get(one).body["phone"] == "13800138000"
    changed = buyer.send("PUT", one, {**HOME, "detail": "文三路 2 号"})
    assert changed.status == 200
    assert buyer.get(one).body["detail"] == "文三路 2 号"
    assert buyer.post(f"/members/addresses/{second}/default").status == 200
    assert buyer.get("/members/addresses").body[0]["id"] == second
    assert buyer.send("DELETE", one, None).status == 200
    assert len(buyer.get("/members/addresses").body) == 1


def test_anothers_address_is_404() -> None:
    mine = joined().post("/members/addresses", HOME).body["id"]
    stranger, one = joined(), f"/members/addresses/{mine}"
    assert stranger.get(one).status == 404
    assert stranger.send("PUT", one, HOME).status == 404
    assert stranger.send("DELETE", one, None).status == 404
    assert stranger.post(f"{one}/default").status == 404


def test_a_pasted_line_is_read_and_nothing_kept() -> None:
    buyer = joined()
    found = buyer.post("/members/addresses/read", {"text": "张三 浙江省杭州市西湖区文三路 1 号"})
    assert found.body == {
        "name": "张三",
        "phone": "",
        "region": "330106",
        "area": "浙江省 杭州市 西湖区",
        "detail": "文三路 1 号",
        "unsure": ["phone"],
    }
    assert buyer.get("/members/addresses").body == []


def test_areas_by_level_and_whole() -> None:
    api = Api()
    provinces = api.get("/areas").body
    assert len(provinces) == 34
    assert "children" not in provinces[0]
    cities = api.get("/areas?within=330000").body
    assert {"code": "330100", "name": "杭州市", "level": "city", "is_last": False} in cities
    whole = api.get("/areas?within=330000&whole=true").body
    assert whole[0]["children"][0]["level"] == "district"
    assert api.get("/areas?within=330103").status == 404
    assert api.get("/areas?within=33").status == 422


def test_areas_are_asked_for_once() -> None:
    api = Api()
    first = api.get("/areas?whole=true")
    assert "public" in first.headers["Cache-Control"]
    again = api.get("/areas?whole=true", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    other = api.get("/areas", **{"If-None-Match": first.headers["ETag"]})
    assert other.status == 200
