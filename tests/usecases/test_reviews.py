"""Reviews: who may say what of which line, when; what counts, and who hides it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from tests.usecases.shop import NOW, Shop, at_once, lines, member, paid, received, sku, staff

from mingchi.catalogue.models import Image, Listing
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import AuditRecord
from mingchi.members.models import Member
from mingchi.merchants.models import Merchant
from mingchi.orders.models import Notification, OrderLine
from mingchi.reviews import queries
from mingchi.reviews.models import Review
from mingchi.usecases.tend_reviews import answer_review, hide_review, show_review
from mingchi.usecases.write_review import add_to_review, write_review

pytestmark = pytest.mark.django_db(transaction=True)
LATE = NOW + timedelta(days=180, seconds=1)


def line_of(shop: Shop, buyer: Member) -> OrderLine:
    return lines(received(shop, buyer, sku(shop.merchant)))[0]


def picture(buyer: Member, number: int = 0) -> int:
    return Image.objects.create(member=buyer, digest=f"{number:064x}", width=9, height=9).pk


def write(line: OrderLine, *, by: Member | None = None, **more: object) -> Review:
    said = {"stars": 5, "text": "好茶 🍵", "image_ids": [], "now": NOW, **more}
    member_id = (by or line.order.member).pk
    return write_review(member_id=member_id, line_id=line.pk, **said)  # type: ignore[arg-type]


def refused(code: str) -> "pytest.RaisesExc[DomainError]":
    return pytest.raises(DomainError, match=f"^{code}:")


def test_each_line_is_reviewed_once_and_added_to_once(shop: Shop) -> None:
    buyer = member()
    line = line_of(shop, buyer)
    mine = [picture(buyer, number) for number in range(9)]
    review = write(line, image_ids=mine)
    with refused("review_written"):
        write(line)
    more = {"member_id": buyer.pk, "review_id": review.pk, "now": NOW}
    add_to_review(**more, text="still good", image_ids=mine[:1])
    with refused("review_added"):
        add_to_review(**more, text="and again", image_ids=[])
    review.refresh_from_db()
    assert (review.text, review.addition) == ("好茶 🍵", "still good")
    assert review.pictures.filter(is_addition=False).count() == 9
    assert review.pictures.filter(is_addition=True).count() == 1


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"stars": 0}, "stars_invalid"),
        ({"stars": 6}, "stars_invalid"),
        ({"text": "x" * 501}, "text_invalid"),
        ({"text": "x" * 10_000}, "text_invalid"),
        ({"text": "a\x00b"}, "text_invalid"),
        ({"now": LATE}, "review_over"),
    ],
)
def test_what_is_refused(shop: Shop, more: dict[str, object], code: str) -> None:
    line = line_of(shop, member())
    with refused(code):
        write(line, **more)
    assert not Review.objects.exists()


def test_words_stay_as_they_are_but_for_line_ends(shop: Shop) -> None:
    said = "<script>alert(1)</script>\r\n👨‍👩‍👧 " + "字" * 400
    assert write(line_of(shop, member()), text=said).text == said.replace("\r\n", "\n")


def test_only_what_was_received_by_oneself_with_own_pictures(shop: Shop) -> None:
    buyer, other = member(), member()
    line = line_of(shop, buyer)
    on_its_way = lines(paid(buyer, sku(shop.merchant)))[0]
    with refused("not_received"):
        write(on_its_way)
    with refused("not_found"):
        write(line, by=other)
    platforms = Image.objects.create(digest="f" * 64, width=9, height=9).pk
    for image_ids in ([picture(other)], [platforms], [10**12]):
        with refused("not_found"):
            write(line, image_ids=image_ids)
    own = picture(buyer, 1)
    for image_ids in ([own, own], [own + n for n in range(10)]):
        with refused("images_too_many"):
            write(line, image_ids=image_ids)
    review = write(line)
    with refused("not_found"):
        add_to_review(member_id=other.pk, review_id=review.pk, text="mine?", image_ids=[], now=NOW)
    assert Review.objects.get().addition == ""


def test_the_rating_counts_what_is_shown_rounded_down(shop: Shop) -> None:
    article = sku(shop.merchant)
    reviews = [
        write(lines(received(shop, member(), article))[0], stars=stars) for stars in (5, 5, 4)
    ]
    product_id = article.product_id
    assert queries.summary(product_id) == queries.Summary(
        review_count=3,
        average_hundredths=466,
        by_stars=(0, 0, 0, 1, 2),
        with_pictures=0,
        with_addition=0,
    )
    assert _listed(product_id) == (3, 14)
    hide_review(by=shop.owner, review_id=reviews[0].pk, cause="abuse", reason="insults", now=NOW)
    assert _listed(product_id) == (2, 9)
    assert reviews[0] not in queries.of_product(product_id)
    show_review(by=shop.owner, review_id=reviews[0].pk, reason="checked again", now=NOW)
    assert _listed(product_id) == (3, 14)
    assert list(queries.of_product(product_id, stars=4)) == [reviews[2]]
    assert not queries.of_product(product_id, with_pictures=True).exists()


def test_two_at_once_both_count(shop: Shop) -> None:
    article = sku(shop.merchant)
    found = [lines(received(shop, member(), article))[0] for _number in range(4)]
    for line in found:
        line.order  # noqa: B018 - read before the threads part
    at_once([lambda line=line: write(line, stars=3) for line in found])
    assert _listed(article.product_id) == (4, 12)


def test_a_line_asked_twice_at_once_has_one_review(shop: Shop) -> None:
    line = line_of(shop, member())
    line.order  # noqa: B018
    made = at_once([lambda: write(line)] * 4)
    assert sum(isinstance(one, Review) for one in made) == 1
    assert {one.code for one in made if isinstance(one, DomainError)} == {"review_written"}


def test_who_may_answer_and_who_may_hide(shop: Shop) -> None:
    review = write(line_of(shop, member()))
    elsewhere = Merchant.objects.create(name="Elsewhere")
    for by, code in (
        (staff(merchant=shop.merchant, role="warehouse"), "not_allowed"),
        (staff("auditor"), "not_allowed"),
        (staff(merchant=elsewhere), "not_found"),
    ):
        with refused(code):
            answer_review(by=by, review_id=review.pk, text="thanks", now=NOW)
    manager = staff(merchant=shop.merchant)
    with refused("not_allowed"):
        hide_review(by=manager, review_id=review.pk, cause="abuse", reason="bad for us", now=NOW)
    answer_review(by=manager, review_id=review.pk, text="谢谢", now=NOW)
    review.refresh_from_db()
    assert (review.answer, review.answered_by) == ("谢谢", f"user:{manager.pk}")
    assert review.hidden_at is None


def test_hiding_is_on_record_and_its_member_hears_the_cause_only(shop: Shop) -> None:
    review = write(line_of(shop, member()))
    hide = {"by": shop.owner, "review_id": review.pk, "now": NOW}
    with refused("cause_unknown"):
        hide_review(**hide, cause="dislike", reason="x")
    with refused("text_invalid"):
        hide_review(**hide, cause="abuse", reason=" ")
    hide_review(**hide, cause="abuse", reason="named a clerk by name")
    with refused("review_hidden"):
        hide_review(**hide, cause="abuse", reason="again")
    record = AuditRecord.objects.get(action="review.hide")
    assert (record.reason, record.after) == ("named a clerk by name", {"cause": "abuse"})
    told = Notification.objects.filter(key__startswith="review-").get()
    assert "辱骂" in told.text
    assert "clerk" not in told.text


@pytest.mark.parametrize(
    ("values", "law"),
    [
        ({"stars": 6}, "review_stars_one_to_five"),
        ({"hidden_at": NOW}, "review_hidden_with_a_cause"),
        ({"answer": "x"}, "review_answered_by_somebody"),
        ({"addition": "x"}, "review_added_at_a_time"),
    ],
)
def test_the_database_keeps_the_laws_too(shop: Shop, values: dict[str, object], law: str) -> None:
    write(line_of(shop, member()))
    with pytest.raises(IntegrityError, match=law):
        Review.objects.update(**values)


def _listed(product_id: int) -> tuple[int, int]:
    found = Listing.objects.get(pk=product_id)
    return found.review_count, found.stars_sum
