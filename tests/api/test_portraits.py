"""What a member shows beside their name: checked, seen, replaced, taken away and erased."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.api.clients import Answer, Api, joined, staff
from tests.api.test_reviews import said
from tests.api.test_reviews import upload as upload_picture
from tests.catalogue.conftest import media  # noqa: F401 - a fixture
from tests.catalogue.test_pictures import encoded
from tests.usecases import shop as doing
from tests.usecases.shop import Shop

from mingchi.catalogue.models import Image, Portrait, Sku
from mingchi.foundation import clock
from mingchi.foundation.models import AuditRecord
from mingchi.members.models import Member
from mingchi.merchants.models import Merchant
from mingchi.orders.models import Order, OrderLine
from mingchi.usecases.keep_images import prune_images
from mingchi.usecases.send_notifications import send_notifications

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/members/me/portrait"


@pytest.fixture
def member(merchant: Merchant, media: Path) -> Api:  # noqa: F811
    return joined()


def show(api: Api, data: bytes | None = None) -> Answer:
    return upload_picture(api, encoded(size=(900, 600)) if data is None else data, PATH)


def files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def test_shown_replaced_and_taken_away(member: Api, media: Path) -> None:  # noqa: F811
    assert member.get("/members/me").body["portrait"] is None
    first = show(member)
    assert (first.status, files(media)) == (200, 4)
    assert first.body["portrait"]["url_200"].endswith("-200.webp")
    assert show(member).body == first.body
    second = show(member, encoded(size=(901, 600)))
    assert second.body["portrait"] != first.body["portrait"]
    # The former is gone with all its sizes.
    assert (files(media), Image.objects.count()) == (4, 1)
    for _ in range(2):
        gone = member.send("DELETE", PATH, None)
        assert (gone.status, gone.body["portrait"]) == (200, None)
    assert (files(media), Image.objects.count(), Portrait.objects.count()) == (0, 0, 0)


def test_what_else_shows_a_picture_keeps_it(member: Api, media: Path) -> None:  # noqa: F811
    other = joined()
    show(member)
    show(other)
    assert (files(media), Image.objects.count()) == (4, 2)
    member.send("DELETE", PATH, None)
    assert (files(media), Image.objects.count()) == (4, 1)
    assert other.get("/members/me").body["portrait"] is not None


def test_an_upload_that_is_not_sent_yet_stays(member: Api, media: Path) -> None:  # noqa: F811
    """The same picture, byte for byte, for a review that is still being written."""
    data = encoded(size=(900, 600))
    for first, second in ((PATH, "/pictures"), ("/pictures", PATH)):
        for path in (first, second):
            assert upload_picture(member, data, path).status in (200, 201)
        member.send("DELETE", PATH, None)
        assert (files(media), Image.objects.count()) == (4, 1)
        Image.objects.update(used_at=clock.now() - timedelta(days=2))
        assert prune_images(now=clock.now()) == 1


REFUSED = [
    (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "image_type_unknown"),
    (b"GIF89a<script>", "image_type_unknown"),
    (b"", "image_empty"),
    (b"\x00" * (20 * 1024**2), "image_too_large"),
]


@pytest.mark.parametrize(("data", "code"), REFUSED, ids=[each[1] for each in REFUSED])
def test_refused_and_the_former_stays(member: Api, data: bytes, code: str) -> None:
    before = show(member).body["portrait"]
    assert show(member, data).code == code
    assert member.get("/members/me").body["portrait"] == before


def test_seen_by_reviews_and_by_whoever_brought_them(
    member: Api, merchant: Merchant, article: Sku
) -> None:
    friend = joined(member.get("/members/me").body["invitation_code"])
    portrait = show(friend).body["portrait"]
    (brought,) = member.get("/members/team").body["items"]
    assert (brought["name"], brought["portrait"]) == ("W***", portrait)
    shop = Shop(merchant=merchant, owner=doing.staff("owner"), finance=doing.staff("finance"))
    order = doing.received(shop, Member.objects.latest("pk"), article)
    Order.objects.update(received_at=clock.now())
    friend.post("/reviews", said(OrderLine.objects.get(order=order)))
    path = f"/shop/products/{article.product_id}/reviews"
    (review,) = Api().get(path).body["items"]
    assert (review["nickname"], review["portrait"]) == ("W***", portrait)
    friend.send("DELETE", PATH, None)
    assert Api().get(path).body["items"][0]["portrait"] is None


def test_staff_take_one_down_with_a_reason(member: Api, media: Path) -> None:  # noqa: F811
    show(member)
    upload_picture(member, encoded(size=(900, 600)))  # gone with it
    member_id = member.get("/members/me").body["id"]
    path = f"/staff/members/{member_id}/portrait/take-down"
    assert staff("finance").post(path, {"reason": "x"}).status == 403
    service = staff("service")
    assert service.get(f"/staff/members/{member_id}").body["portrait"] is not None
    assert service.post(path, {"reason": ""}).status == 422
    assert service.post(path, {"reason": "not his own face"}).body == {"done": True}
    row = AuditRecord.objects.get(action="portrait.take_down")
    assert (row.subject, row.reason) == (f"member:{member_id}", "not his own face")
    assert member.get("/members/me").body["portrait"] is None
    assert files(media) == 0
    assert service.post(path, {"reason": "again"}).status == 404
    # They are told that it is gone, not why.
    send_notifications(now=clock.now())
    (told,) = member.get("/after-sales/messages").body["items"]
    assert (told["order_id"], told["text"]) == (None, "您的头像已不再展示，您可以随时换一张新的。")
    assert show(member).status == 200


def test_who_may_only_look_shows_none(member: Api) -> None:
    Member.objects.update(is_read_only=True)
    assert show(member).status == 403
    assert not Image.objects.exists()
