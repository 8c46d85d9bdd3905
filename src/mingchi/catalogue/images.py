"""Pictures are kept: files in the storage `images`, a row for whom they belong to."""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db import connection, transaction
from django.db.models import Exists, F, ForeignObjectRel, OuterRef, QuerySet
from django.db.models.functions import Now

from mingchi.catalogue import pictures
from mingchi.catalogue.models import Image, Portrait, Product
from mingchi.catalogue.pictures import Picture
from mingchi.members.models import Member

NAME: Final = re.compile(r"[0-9a-f]{2}/[0-9a-f]{62}(?:-(?:800|400|200))?\.webp")
_KEPT_UNUSED: Final = timedelta(days=1)


def storage() -> Storage:
    """Where the files are: a folder, or whatever the installation configured."""
    return storages["images"]


def url(digest: str, size: int | None = None) -> str:
    """The address of a picture's file, the largest where no size is given."""
    return _url(storage(), digest, size)


@lru_cache(maxsize=100_000)
def _url(where: Storage, digest: str, size: int | None) -> str:
    """An address stays what it is, as the file does; a page shows a hundred of them."""
    return where.url(pictures.name(digest, size))


def keep(
    picture: Picture,
    *,
    merchant_id: int | None = None,
    member_id: int | None = None,
    user_id: int | None = None,
) -> int:
    """Write the files, unless they are there, and the row of this owner; the row's key."""
    with transaction.atomic():
        _hold(picture.digest)
        own = Image.objects.filter(merchant=merchant_id, member=member_id)
        found = own.filter(digest=picture.digest).first()
        if found is not None:
            again = Image.objects.filter(pk=found.pk)
            again.update(used_at=Now(), uploads=F("uploads") + 1)
            return found.pk
        for name, content in picture.files.items():
            if not storage().exists(name):
                storage().save(name, ContentFile(content))
        made = Image.objects.create(
            merchant_id=merchant_id,
            member_id=member_id,
            digest=picture.digest,
            width=picture.width,
            height=picture.height,
            uploaded_by_id=user_id,
        )
    return made.pk


def portrait(member: Member) -> str | None:
    """The digest of what a member shows beside their name; None for nothing."""
    shown: Portrait | None = getattr(member, "portrait", None)
    return None if shown is None else shown.image.digest


def erase(image: Image, *, uploads_too: bool = False) -> bool:
    """Forget a picture at once, with all its sizes, unless something shows it still, or its owner
    uploaded it for something else too, which may yet come (`uploads_too`: even then); whether it
    is gone. Call it after the transaction that took it from its place: files don't come back."""
    gone = _unshown() if uploads_too else _unshown().filter(uploads=1)
    return bool(_forget(image.pk, image.digest, gone))


def prune(*, now: datetime) -> int:
    """Forget pictures that nothing shows and that nobody uploaded since yesterday, and files that
    no row knows; how many."""
    orphans = _orphans(now).values_list("pk", "digest")
    gone = sum(_forget(pk, digest, _orphans(now)) for pk, digest in list(orphans))
    return gone + sum(_sweep(folder, now) for folder in _names("", files=False))


def _orphans(now: datetime) -> QuerySet[Image]:
    return _unshown().filter(used_at__lt=now - _KEPT_UNUSED)


def _unshown() -> QuerySet[Image]:
    """Whoever points at pictures is found by itself, tables of higher rooms too."""
    found = Image.objects.all()
    for relation in Image._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel):
            assert not isinstance(relation.related_model, str)
            rows = relation.related_model._default_manager
            found = found.exclude(Exists(rows.filter(**{relation.field.name: OuterRef("pk")})))
    return found


def _forget(pk: int, digest: str, orphans: QuerySet[Image]) -> int:
    with transaction.atomic():
        _hold(digest)
        if Product.objects.filter(detail__contains=digest[2:]).exists():
            return 0
        gone = orphans.filter(pk=pk).delete()[0]
        if gone and not Image.objects.filter(digest=digest).exists():
            for size in (None, *pictures.THUMBNAILS):
                storage().delete(pictures.name(digest, size))
    return gone


def _sweep(folder: str, now: datetime) -> int:
    """Delete files of uploads that broke off before their row was written; how many."""
    names = [name for name in _names(folder, files=True) if NAME.fullmatch(f"{folder}/{name}")]
    found = {name: folder + name[:62] for name in names}
    known = set(Image.objects.filter(digest__in=found.values()).values_list("digest", flat=True))
    gone = 0
    for name, digest in found.items():
        path = f"{folder}/{name}"
        if digest in known or storage().get_modified_time(path) > now - _KEPT_UNUSED:
            continue
        with transaction.atomic():
            _hold(digest)
            if not Image.objects.filter(digest=digest).exists():
                storage().delete(path)
                gone += 1
    return gone


def _names(folder: str, *, files: bool) -> list[str]:
    try:
        folders, names = storage().listdir(folder)
    except FileNotFoundError:
        return []
    return names if files else folders


def _hold(digest: str) -> None:
    """Keeping and forgetting the same picture never meet; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [0x1A6E, int(digest[:7], 16)])
