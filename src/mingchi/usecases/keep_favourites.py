"""A member keeps favourites, and what they looked at."""

from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from mingchi.catalogue import queries
from mingchi.catalogue.models import Favourite, Visit
from mingchi.foundation.errors import ConflictError, NotFoundError

MOST_FAVOURITES = 500
MOST_VISITS = 200
_VISIT = """
INSERT INTO catalogue_visit (member_id, product_id, visited_at) VALUES (%s, %s, %s)
ON CONFLICT (member_id, product_id) DO UPDATE SET visited_at = excluded.visited_at
"""
_FORGET = """
DELETE FROM catalogue_visit WHERE id IN (
    SELECT id FROM catalogue_visit WHERE member_id = %s
    ORDER BY visited_at DESC, id DESC OFFSET %s
)
"""


def add_favourite(*, member_id: int, product_id: int) -> None:
    """Keep a product that is on sale; again changes nothing. Errors: `not_found` 404,
    `favourites_full` 409 above 500."""
    _refuse_hidden(product_id)
    with transaction.atomic():
        own = Favourite.objects.filter(member_id=member_id)
        if own.count() >= MOST_FAVOURITES and not own.filter(product_id=product_id).exists():
            raise ConflictError(
                "favourites_full", _("You have 500 favourites. Take some away first.")
            )
        own.get_or_create(member_id=member_id, product_id=product_id)


def remove_favourite(*, member_id: int, product_id: int) -> None:
    """Keep it no longer; one that was not kept is no fault."""
    Favourite.objects.filter(member_id=member_id, product_id=product_id).delete()


def visit(*, member_id: int, product_id: int, now: datetime) -> None:
    """The member looks at a product; the last 200 are kept. Errors: `not_found` 404."""
    _refuse_hidden(product_id)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_VISIT, [member_id, product_id, now])
        cursor.execute(_FORGET, [member_id, MOST_VISITS])


def forget_visits(*, member_id: int, product_id: int | None = None) -> None:
    """Clear what the member looked at, or one product of it."""
    own = Visit.objects.filter(member_id=member_id)
    (own if product_id is None else own.filter(product_id=product_id)).delete()


def _refuse_hidden(product_id: int) -> None:
    if not queries.on_sale().filter(pk=product_id).exists():
        raise NotFoundError()
