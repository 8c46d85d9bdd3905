"""Reviews through the API: pictures, what shoppers read, whose they are, what staff do."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone
from tests.api.clients import Answer, Api, answer, joined, staff
from tests.catalogue.conftest import media  # noqa: F401 - a fixture
from tests.catalogue.test_pictures import encoded
from tests.usecases import shop as doing
from tests.usecases.shop import Shop

from mingchi.catalogue.models import Image, Sku
from mingchi.members.models import Member
from mingchi.merchants.models import Merchant
from mingchi.orders.models import Order, OrderLine
from mingchi.reviews.models import Review

pytestmark = pytest.mark.django_db(transaction=True)
SCRIPT = "<script>alert('好')</script> 🍵"


@pytest.fixture
def buyer(merchant: Merchant) -> Api:
    return joined()


@pytest.fixture
def line(buyer: Api, merchant: Merchant, article: Sku) -> OrderLine:
    """One that its buyer received a moment ago."""
    shop = Shop(merchant=merchant, owner=doing.staff("owner"), finance=doing.staff("finance"))
    order = doing.received(shop, Member.objects.get(), article)
    Order.objects.update(received_at=timezone.now())
    return OrderLine.objects.get(order=order)


def upload(api: Api, data: bytes, path: str = "/pictures") -> Answer:
    file = SimpleUploadedFile("p.png", data)
    sent = api.client.generic(
        "POST",
        f"/api{path}",
        encode_multipart(BOUNDARY, {"image": file}),
        content_type=MULTIPART_CONTENT,
        headers=api.headers,
    )
    return answer(sent)


def said(line: OrderLine, **more: Any) -> dict[str, Any]:
    return {"line_id": line.pk, "stars": 4, "text": SCRIPT, **more}


def test_from_the_picture_to_the_products_page(
    buyer: Api,
    line: OrderLine,
    article: Sku,
    merchant: Merchant,
    media: Path,  # noqa: F811
) -> None:
    (waiting,) = buyer.get(f"/reviews/waiting?order_id={line.order_id}").body["items"]
    assert (waiting["line_id"], waiting["product_id"]) == (line.pk, article.product_id)
    made = upload(buyer, encoded())
    assert made.status == 201, made.body
    written = buyer.post("/reviews", said(line, image_ids=[made.body["id"]]))
    assert written.status == 201, written.body
    pk = written.body["id"]
    assert written.body == buyer.get(f"/reviews/{pk}").body
    assert buyer.get("/reviews/waiting").body["items"] == []
    again = buyer.post("/reviews", said(line))
    assert (again.status, again.code) == (409, "review_written")
    address = f"/shop/products/{article.product_id}"
    assert Api().get(f"{address}/reviews?with_addition=true").body["items"] == []
    added = {"text": "after a month", "image_ids": []}
    assert buyer.post(f"/reviews/{pk}/addition", added).status == 200
    service = staff(merchant=merchant, role="service")
    answer_path = f"/staff/reviews/{pk}/answer"
    assert service.send("PUT", answer_path, {"text": "thank you"}).status == 200

    only = "stars=4&with_pictures=true&with_addition=true"
    (shown,) = Api().get(f"{address}/reviews?{only}").body["items"]
    assert (shown["nickname"], shown["text"]) == ("W***", SCRIPT)
    assert shown["pictures"] == [made.body["picture"]]
    assert (shown["addition"]["text"], shown["answer"]["text"]) == ("after a month", "thank you")
    assert "order_id" not in shown
    assert Api().get(f"{address}/reviews?stars=5").body["items"] == []
    figures = Api().get(f"{address}/reviews/summary").body
    assert (figures["review_count"], figures["average_hundredths"]) == (1, 400)
    assert figures["by_stars"] == [0, 0, 0, 1, 0]
    page, (card,) = Api().get(address).body, Api().get("/shop/products").body["items"]
    for rating in (page, card):
        assert (rating["review_count"], rating["stars_hundredths"]) == (1, 400)


def test_what_is_no_picture_is_refused(
    buyer: Api,
    line: OrderLine,
    media: Path,  # noqa: F811
) -> None:
    for data, status, code in (
        (b"<svg onload='alert(1)'/>", 400, "image_type_unknown"),
        (b"%PDF-1.4", 400, "image_type_unknown"),
        (b"x" * 20 * 1024**2, 413, "image_too_large"),
        (encoded(size=(6000, 5000)), 400, "image_too_many_pixels"),
    ):
        found = upload(buyer, data)
        assert (found.status, found.code) == (status, code)
    assert Api().post("/pictures").status == 401
    assert list(media.iterdir()) == []
    assert not Image.objects.exists()


def test_long_texts_are_refused_in_the_readers_language(buyer: Api, line: OrderLine) -> None:
    found = buyer.post("/reviews", said(line, text="长" * 10_000))
    assert (found.status, found.error["field"]) == (422, "text")
    assert found.error["message"] == "This must have at most 500 characters."
    chinese = buyer.post("/reviews", said(line, text="长" * 501), **{"Accept-Language": "zh-Hans"})
    assert chinese.error["message"] == "最多 500 个字符。"
    assert not Review.objects.exists()


def test_another_members_reviews_are_not_there(buyer: Api, line: OrderLine) -> None:
    pk = buyer.post("/reviews", said(line)).body["id"]
    other = joined()
    assert other.post("/reviews", said(line)).status == 404
    assert other.get(f"/reviews/{pk}").status == 404
    assert other.get("/reviews").body["items"] == []
    assert other.get(f"/reviews/waiting?order_id={line.order_id}").body["items"] == []
    assert other.post(f"/reviews/{pk}/addition", {"text": "mine"}).status == 404
    assert Review.objects.get().added_at is None


def test_a_hidden_review_is_seen_by_its_member_and_staff_only(
    buyer: Api, line: OrderLine, article: Sku, merchant: Merchant
) -> None:
    pk = buyer.post("/reviews", said(line)).body["id"]
    stranger = staff(merchant=Merchant.objects.create(name="Elsewhere"))
    assert stranger.get("/staff/reviews").body["items"] == []
    assert stranger.send("PUT", f"/staff/reviews/{pk}/answer", {"text": "x"}).status == 404
    operator = staff("operator")
    hide = {"cause": "advertising", "reason": "a shop of their own"}
    assert operator.post(f"/staff/reviews/{pk}/hide", hide).status == 200
    assert Api().get(f"/shop/products/{article.product_id}/reviews").body["items"] == []
    own = buyer.get(f"/reviews/{pk}").body
    assert own["hidden_cause"] == "advertising"
    assert "a shop of their own" not in str(own)
    (row,) = staff(merchant=merchant).get("/staff/reviews?hidden=true").body["items"]
    assert row["hidden_reason"] == "a shop of their own"
    shown = operator.post(f"/staff/reviews/{pk}/show", {"reason": "a mistake"})
    assert shown.status == 200
    assert buyer.get(f"/reviews/{pk}").body["hidden_cause"] is None


def test_reviews_of_what_is_not_on_sale_are_not_there(article: Sku) -> None:
    article.product.status = "off"
    article.product.save()
    for tail in ("", "/summary"):
        assert Api().get(f"/shop/products/{article.product_id}/reviews{tail}").status == 404
