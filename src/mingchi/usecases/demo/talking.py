"""Members say what they think of their goods, merchants answer, one review is hidden."""

from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Final

from mingchi.catalogue import images, pictures
from mingchi.members.models import Member
from mingchi.orders.models import OrderLine
from mingchi.reviews import queries
from mingchi.reviews.models import Review
from mingchi.usecases.demo import drawing, goods
from mingchi.usecases.demo.world import World
from mingchi.usecases.tend_reviews import answer_review, hide_review
from mingchi.usecases.write_review import add_to_review, write_review

# Its own chance, so that the money of the demo does not hang on how much is said of it.
SEED: Final = 20260202
SHARE: Final = 0.45
STARS: Final = (5, 5, 5, 5, 5, 4, 4, 4, 3, 2)
WORDS: Final = {
    5: (
        "质量很好，包装也用心，会回购。👍",
        "物流快，和描述一致。",
        "家里人都喜欢，送礼也合适。",
        "",
    ),
    4: ("整体不错，就是快递慢了一天。", "味道好，价格再实惠一点就更好了。"),
    3: ("中规中矩，和想的差不多。",),
    2: ("外盒压坏了一角，里面还好。",),
}
ADDITIONS: Final = ("用了一段时间，依然满意。", "第二次买了，品质稳定。")
ANSWER: Final = "感谢您的反馈，给您带来不便很抱歉，我们会改进包装。"
ADVERTISING: Final = "加群领券，天天有优惠，暗号：全网最低。"


def plan_reviews(world: World) -> None:
    """On the last evening all is said of what was received; each as of its own time."""
    world.calendar.at(world.day(89.7), partial(_review, world))


def _review(world: World, when: datetime) -> None:
    chance = Random(SEED)  # noqa: S311 - a story, not a secret
    pictured = max(1, world.size.pictures // 10)
    lines = OrderLine.objects.filter(order__received_at__isnull=False, order__is_demo=True)
    for line in lines.select_related("order", "sku__product").order_by("pk"):
        if chance.random() < SHARE:
            drawn = pictured > 0 and chance.random() < 0.2
            pictured -= drawn
            _say(line, chance, when, drawn=drawn)
    _answer(world, when)
    _advertise(world, when)


def _say(line: OrderLine, chance: Random, when: datetime, *, drawn: bool) -> None:
    received_at, member_id = line.order.received_at, line.order.member_id
    assert received_at is not None
    at = min(received_at + timedelta(hours=chance.randint(2, 72)), when)
    stars = chance.choice(STARS)
    review = write_review(
        member_id=member_id,
        line_id=line.pk,
        stars=stars,
        text=chance.choice(WORDS[stars]),
        image_ids=[picture_of(line, seed=1000 + line.pk)] if drawn else [],
        now=at,
    )
    later = at + timedelta(days=chance.randint(5, 20))
    if stars == 5 and chance.random() < 0.15 and later < when:
        add_to_review(
            member_id=member_id,
            review_id=review.pk,
            text=chance.choice(ADDITIONS),
            image_ids=[],
            now=later,
        )


def picture_of(line: OrderLine, *, seed: int) -> int:
    """What came in the parcel, as its buyer saw it."""
    kinds = {article.title: article.kind for article in goods.articles()}
    image = drawing.product(kinds[line.sku.product.title], seed=seed)
    return images.keep(pictures.draw(image), member_id=line.order.member_id)


def _answer(world: World, when: datetime) -> None:
    for review in Review.objects.filter(stars__lte=3).order_by("pk")[:8]:
        at = min(review.reviewed_at + timedelta(hours=20), when)
        answer_review(by=world.staff["operator"], review_id=review.pk, text=ANSWER, now=at)


def _advertise(world: World, when: datetime) -> None:
    for member in Member.objects.order_by("-pk"):
        line = queries.waiting(member.pk, now=when).first()
        if line is not None:
            break
    else:
        return
    review = write_review(
        member_id=member.pk, line_id=line.pk, stars=5, text=ADVERTISING, image_ids=[], now=when
    )
    hide_review(
        by=world.staff["service"],
        review_id=review.pk,
        cause="advertising",
        reason="外部群引流，非商品评价",
        now=when,
    )
