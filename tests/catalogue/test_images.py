"""Pictures kept: files and rows together, served for good, forgotten when nothing shows them."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.test import Client
from pytest_django import Settings
from tests.catalogue.test_pictures import PAYLOAD, encoded
from tests.usecases.shop import Shop, sku, staff

from mingchi.catalogue import images, pictures
from mingchi.catalogue.models import Brand, Image, Product
from mingchi.foundation import clock
from mingchi.foundation.errors import DomainError
from mingchi.merchants.models import Merchant
from mingchi.usecases.keep_images import arrange_images, prune_images, upload_image

TWO_DAYS = timedelta(days=2)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def upload(shop: Shop, colour: int = 0, merchant: Merchant | None = None) -> int:
    data = encoded(size=(900 + colour, 600))
    return upload_image(by=shop.owner, data=data, merchant_id=(merchant or shop.merchant).pk)


def test_the_same_picture_is_kept_once(shop: Shop, media: Path) -> None:
    first, again = upload(shop), upload(shop)
    other = upload(shop, merchant=Merchant.objects.create(name="Another"))
    assert first == again
    assert other != first
    assert Image.objects.count() == 2
    assert len(files(media)) == 4


def test_a_refused_picture_leaves_nothing(shop: Shop, media: Path) -> None:
    with pytest.raises(DomainError):
        upload_image(by=shop.owner, data=PAYLOAD, merchant_id=shop.merchant.pk)
    assert files(media) == []
    assert not Image.objects.exists()


def test_who_may_upload(shop: Shop, media: Path) -> None:
    manager, clerk = staff(merchant=shop.merchant), staff(merchant=shop.merchant, role="clerk")
    upload_image(by=manager, data=encoded(), merchant_id=shop.merchant.pk)
    other = Merchant.objects.create(name="Another")
    for by, merchant_id, status in (
        (manager, other.pk, 404),
        (manager, None, 403),
        (clerk, shop.merchant.pk, 403),
    ):
        with pytest.raises(DomainError) as caught:
            upload_image(by=by, data=encoded(), merchant_id=merchant_id)
        assert caught.value.status == status


def test_files_are_served_for_good(shop: Shop, media: Path) -> None:
    digest = Image.objects.get(pk=upload(shop)).digest
    browser = Client()
    for size in (None, *pictures.THUMBNAILS):
        answer = browser.get(images.url(digest, size))
        assert answer.status_code == 200
        assert answer["Content-Type"] == "image/webp"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert {"public", "immutable", "max-age=31536000"} <= set(
            answer["Cache-Control"].split(", ")
        )
        content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        assert content[:4] + content[8:12] == b"RIFFWEBP"
        again = browser.get(images.url(digest, size), headers={"if-none-match": answer["ETag"]})
        assert again.status_code == 304


@pytest.mark.parametrize(
    "name",
    [
        "../secrets/MINGCHI_SECRET_KEY",
        "ab/../../secrets/x.webp",
        "ab/" + "c" * 62 + ".webp",
        "ab/" + "c" * 62 + ".html",
        "%2e%2e/secrets",
        "",
    ],
)
def test_nothing_else_is_served(db: None, media: Path, name: str) -> None:
    (media / "ab").mkdir()
    (media / "ab" / ("c" * 62 + ".html")).write_text("<script>")
    assert Client().get(f"/media/{name}").status_code == 404


def test_another_storage_may_be_named(shop: Shop, settings: Settings) -> None:
    memory = {
        "BACKEND": "django.core.files.storage.InMemoryStorage",
        "OPTIONS": {"base_url": "https://images.example/"},
    }
    settings.STORAGES = {**settings.STORAGES, "images": memory}
    digest = Image.objects.get(pk=upload(shop)).digest
    assert storages["images"].exists(pictures.name(digest))
    assert images.url(digest, 400).startswith("https://images.example/")
    assert images.url(digest, 400).endswith("-400.webp")


def test_pictures_of_a_product(shop: Shop, media: Path) -> None:
    article = sku(shop.merchant)
    first, second = upload(shop), upload(shop, 1)
    theirs = upload(shop, merchant=Merchant.objects.create(name="Another"))

    def arrange(*image_ids: int, version: int | None = None) -> int:
        return arrange_images(
            by=shop.owner, product_id=article.product_id, image_ids=image_ids, version=version
        )

    def shown() -> list[int]:
        product = Product.objects.get(pk=article.product_id)
        return list(product.images.values_list("image_id", flat=True))

    assert arrange(first, second) == 2
    assert shown() == [first, second]
    assert arrange(second, first, version=2) == 3
    assert shown() == [second, first]
    product = Product.objects.select_related("listing").get(pk=article.product_id)
    assert product.listing.cover == Image.objects.get(pk=second).digest
    for wrong, code in (
        ((first, theirs), "not_found"),
        ((first, 10**9), "not_found"),
        ((first, first), "images_too_many"),
        (tuple(range(1, 14)), "images_too_many"),
    ):
        with pytest.raises(DomainError, match=code):
            arrange(*wrong)
    with pytest.raises(DomainError, match="changed_meanwhile"):
        arrange(first, version=2)
    assert shown() == [second, first]
    arrange()
    product.listing.refresh_from_db()
    assert product.listing.cover == ""


def test_what_nothing_shows_is_forgotten(shop: Shop, media: Path) -> None:
    article = sku(shop.merchant)
    shown, orphan, told = upload(shop), upload(shop, 1), upload(shop, 2)
    arrange_images(by=shop.owner, product_id=article.product_id, image_ids=[shown])
    logo = upload_image(by=shop.owner, data=encoded(size=(7, 7)), merchant_id=None)
    Brand.objects.create(name="B", letter="B", logo_id=logo)
    address = images.url(Image.objects.get(pk=told).digest)
    Product.objects.filter(pk=article.product_id).update(detail=f'<img src="{address}">')
    assert prune_images(now=clock.now()) == 0  # uploaded a moment ago
    kept = len(files(media))
    assert prune_images(now=clock.now() + TWO_DAYS) == 1
    assert set(Image.objects.values_list("pk", flat=True)) == {shown, told, logo}
    assert len(files(media)) == kept - 4
    assert upload(shop, 1) != orphan  # and may come again
    assert len(files(media)) == kept


def test_files_that_no_row_knows_are_swept(shop: Shop, media: Path) -> None:
    kept = upload(shop)
    Image.objects.filter(pk=kept).update(used_at=clock.now() + 2 * TWO_DAYS)
    before = files(media)
    (media / "ab").mkdir(exist_ok=True)
    old, fresh = (media / "ab" / f"{letter * 62}-200.webp" for letter in "cd")
    other = media / "ab" / "of-somebody-else.txt"
    for path in (old, fresh, other):
        path.write_bytes(b"x")
    os.utime(fresh, (clock.now().timestamp() + 2 * 86_400,) * 2)
    assert prune_images(now=clock.now() + TWO_DAYS) == 1
    assert files(media) == sorted([*before, fresh, other])


def test_files_that_another_merchant_shows_stay(shop: Shop, media: Path) -> None:
    upload(shop)
    other = Merchant.objects.create(name="Another")
    theirs, article = upload(shop, merchant=other), sku(other)
    arrange_images(by=shop.owner, product_id=article.product_id, image_ids=[theirs])
    assert prune_images(now=clock.now() + TWO_DAYS) == 1
    assert len(files(media)) == 4
