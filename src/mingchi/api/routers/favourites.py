"""What a member keeps: favourites, and what they looked at."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Field

from mingchi.api import catalogue_shapes as shapes
from mingchi.api.fields import Done, Id, Limit
from mingchi.api.principals import member_of
from mingchi.api.routing import GuardedRouter
from mingchi.catalogue import finding
from mingchi.catalogue.models import Favourite, Visit
from mingchi.foundation import clock
from mingchi.usecases import keep_favourites

router = GuardedRouter(tags=["favourites"])
Skip = Annotated[int, Field(ge=0, le=500, description="so many are passed over")]


@router.get("/favourites", response=list[shapes.ProductCardOut], summary="Favourites")
def list_favourites(request: HttpRequest, limit: Limit = 20, skip: Skip = 0) -> HttpResponse:
    """Those that are on sale, the latest first."""
    own = Favourite.objects.filter(member=member_of(request)).order_by("-id")
    return _cards(list(own.values_list("product_id", flat=True)), limit=limit, skip=skip)


@router.get("/favourites/{product_id}", response=Done, summary="Whether it is a favourite")
def is_favourite(request: HttpRequest, product_id: Id) -> Done:
    """`done` says so."""
    own = Favourite.objects.filter(member=member_of(request), product_id=product_id)
    return Done(done=own.exists())


@router.put("/favourites/{product_id}", response=Done, summary="Keep a product")
def add_favourite(request: HttpRequest, product_id: Id) -> Done:
    """Again changes nothing. At most 500."""
    keep_favourites.add_favourite(member_id=member_of(request).pk, product_id=product_id)
    return Done()


@router.delete("/favourites/{product_id}", response=Done, summary="Keep it no longer")
def remove_favourite(request: HttpRequest, product_id: Id) -> Done:
    """One that was not kept is no fault."""
    keep_favourites.remove_favourite(member_id=member_of(request).pk, product_id=product_id)
    return Done()


@router.get("/visits", response=list[shapes.ProductCardOut], summary="What one looked at")
def list_visits(request: HttpRequest, limit: Limit = 20, skip: Skip = 0) -> HttpResponse:
    """Those of the last 200 that are on sale, the latest first."""
    own = Visit.objects.filter(member=member_of(request)).order_by("-visited_at", "-id")
    return _cards(list(own.values_list("product_id", flat=True)), limit=limit, skip=skip)


@router.put("/visits/{product_id}", response=Done, summary="Look at a product")
def add_visit(request: HttpRequest, product_id: Id) -> Done:
    """Called when a product's page is opened; the last 200 are kept."""
    keep_favourites.visit(member_id=member_of(request).pk, product_id=product_id, now=clock.now())
    return Done()


@router.delete("/visits", response=Done, summary="Forget all one looked at")
def forget_visits(request: HttpRequest) -> Done:
    """Nothing is left of it."""
    keep_favourites.forget_visits(member_id=member_of(request).pk)
    return Done()


@router.delete("/visits/{product_id}", response=Done, summary="Forget one product")
def forget_visit(request: HttpRequest, product_id: Id) -> Done:
    """The others stay."""
    keep_favourites.forget_visits(member_id=member_of(request).pk, product_id=product_id)
    return Done()


def _cards(product_ids: list[int], *, limit: int, skip: int) -> HttpResponse:
    found = finding.of_products(product_ids)[skip : skip + limit]
    return shapes.answer([shapes.card(card) for card in found])
