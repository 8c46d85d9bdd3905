"""Staff and the window of the shop: categories, brands, pictures, the first page."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, File, Form, Schema, Status, UploadedFile

from mingchi.api import catalogue_shapes as shapes
from mingchi.api.fields import (
    PRINTABLE,
    Done,
    Id,
    Input,
    Made,
    Name,
    Versioned,
    When,
)
from mingchi.api.principals import staff_of
from mingchi.api.routing import GuardedRouter
from mingchi.catalogue.models import Banner, Brand, Category, HomeShelf, HotWord, Image
from mingchi.usecases import edit_brands, edit_categories, edit_home, keep_images

router = GuardedRouter(tags=["staff: window"])
Position = Annotated[int, Field(strict=True, ge=-(10**6), le=10**6)]
Version = Annotated[
    int | None,
    Field(ge=1, description="that of what you saw: 409 `changed_meanwhile` where it is past"),
]


class CategoryEditIn(Input):
    """What is not given stays."""

    name: Name | None = None
    parent_id: Id | None = None
    icon_id: Id | None = None
    position: Position | None = None
    is_hidden: bool | None = None


class CategoryIn(CategoryEditIn):
    name: Name


class CategoryChangeIn(CategoryEditIn):
    version: Version = None


class BrandEditIn(Input):
    """What is not given stays; an empty letter is found from the name's pinyin."""

    name: Name | None = None
    letter: str | None = Field(default=None, pattern="^[A-Za-z#]?$")
    logo_id: Id | None = None
    story: str | None = Field(default=None, max_length=5_000, pattern=PRINTABLE)
    position: Position | None = None
    is_hidden: bool | None = None


class BrandIn(BrandEditIn):
    name: Name


class BrandChangeIn(BrandEditIn):
    version: Version = None


class BannerEditIn(Input):
    """What is not given stays."""

    title: Name | None = None
    image_id: Id | None = None
    target: Banner.Target | None = None
    target_value: str | None = Field(
        default=None, max_length=60, pattern=PRINTABLE, description="a key, or words"
    )
    position: Position | None = None
    starts_at: When | None = None
    ends_at: When | None = None
    is_hidden: bool | None = None


class BannerIn(BannerEditIn):
    title: Name
    image_id: Id


class BannerChangeIn(BannerEditIn):
    version: Version = None


class ShelfEditIn(Input):
    """What is not given stays."""

    title: str | None = Field(default=None, min_length=1, max_length=30, pattern=PRINTABLE)
    subtitle: str | None = Field(default=None, max_length=60, pattern=PRINTABLE)
    kind: HomeShelf.Kind | None = None
    category_id: Id | None = None
    length: int | None = Field(default=None, strict=True, ge=1, le=20)
    position: Position | None = None
    is_hidden: bool | None = None
    product_ids: list[Id] | None = Field(default=None, max_length=20)


class ShelfIn(ShelfEditIn):
    title: str = Field(min_length=1, max_length=30, pattern=PRINTABLE)
    kind: HomeShelf.Kind


class ShelfChangeIn(ShelfEditIn):
    version: Version = None


class HotWordsIn(Input):
    words: list[Annotated[str, Field(min_length=1, max_length=30, pattern=PRINTABLE)]] = Field(
        max_length=20
    )


class StaffCategoryOut(shapes.CategoryOut):
    position: int
    is_hidden: bool
    version: int


class StaffBrandOut(shapes.BrandOut):
    position: int
    is_hidden: bool
    version: int


class StaffBannerOut(shapes.BannerOut):
    position: int
    starts_at: When | None
    ends_at: When | None
    is_hidden: bool
    version: int


class StaffShelfOut(Schema):
    id: int
    title: str
    subtitle: str
    kind: str
    category_id: int | None
    length: int
    position: int
    is_hidden: bool
    product_ids: list[int]
    version: int


class StaffHomeOut(Schema):
    banners: list[StaffBannerOut]
    shelves: list[StaffShelfOut]
    hot_words: list[str]


@router.post("/images", response={201: shapes.UploadedOut}, summary="Upload a picture")
def staff_upload_image(
    request: HttpRequest, image: File[UploadedFile], merchant_id: Form[Id | None] = None
) -> Status[shapes.UploadedOut]:
    """JPEG, PNG or WebP up to 10 MB and 25 megapixels. It is drawn anew: what it carried besides
    (place, camera) is gone. For a merchant's goods, or without `merchant_id` for the platform. A
    picture that nothing shows is forgotten after a day."""
    data = image.read(keep_images.READ_AT_MOST)
    made = keep_images.upload_image(by=staff_of(request), data=data, merchant_id=merchant_id)
    return Status(201, shapes.uploaded(Image.objects.get(pk=made)))


@router.get("/categories", response=list[StaffCategoryOut], summary="Categories")
def staff_list_categories(request: HttpRequest) -> list[StaffCategoryOut]:
    """All, hidden ones too."""
    return [
        StaffCategoryOut(
            **shapes.category(row).model_dump(),
            position=row.position,
            is_hidden=row.is_hidden,
            version=row.version,
        )
        for row in Category.objects.select_related("icon")
    ]


@router.post("/categories", response={201: Made}, summary="Add a category")
def staff_add_category(request: HttpRequest, data: CategoryIn) -> Status[Made]:
    """A new shelf, under another or on top; at most four deep."""
    made = edit_categories.add_category(by=staff_of(request), **_given(data))
    return Status(201, Made(id=made))


@router.patch("/categories/{category_id}", response=Versioned, summary="Edit a category")
def staff_edit_category(request: HttpRequest, category_id: Id, data: CategoryChangeIn) -> Versioned:
    """Rename, move, hide. Null for `parent_id` moves it to the top."""
    version = edit_categories.edit_category(
        by=staff_of(request),
        category_id=category_id,
        version=data.version,
        **_given(data, "parent_id", "icon_id"),
    )
    return Versioned(version=version)


@router.delete("/categories/{category_id}", response=Done, summary="Delete a category")
def staff_delete_category(request: HttpRequest, category_id: Id) -> Done:
    """An empty one only: 409 `category_in_use` says what stands on it."""
    edit_categories.delete_category(by=staff_of(request), category_id=category_id)
    return Done()


@router.get("/brands", response=list[StaffBrandOut], summary="Brands")
def staff_list_brands(request: HttpRequest) -> list[StaffBrandOut]:
    """All, hidden ones too."""
    return [
        StaffBrandOut(
            **shapes.brand(row).model_dump(),
            position=row.position,
            is_hidden=row.is_hidden,
            version=row.version,
        )
        for row in Brand.objects.select_related("logo")[:2000]
    ]


@router.post("/brands", response={201: Made}, summary="Add a brand")
def staff_add_brand(request: HttpRequest, data: BrandIn) -> Status[Made]:
    """The same brand serves all merchants."""
    return Status(201, Made(id=edit_brands.add_brand(by=staff_of(request), **_given(data))))


@router.patch("/brands/{brand_id}", response=Versioned, summary="Edit a brand")
def staff_edit_brand(request: HttpRequest, brand_id: Id, data: BrandChangeIn) -> Versioned:
    """Change what is given."""
    version = edit_brands.edit_brand(
        by=staff_of(request),
        brand_id=brand_id,
        version=data.version,
        **_given(data, "logo_id"),
    )
    return Versioned(version=version)


@router.delete("/brands/{brand_id}", response=Done, summary="Delete a brand")
def staff_delete_brand(request: HttpRequest, brand_id: Id) -> Done:
    """One that no product has."""
    edit_brands.delete_brand(by=staff_of(request), brand_id=brand_id)
    return Done()


@router.get("/window", response=StaffHomeOut, summary="The first page, as arranged")
def staff_get_home(request: HttpRequest) -> StaffHomeOut:
    """What is hidden or not yet shown too."""
    return StaffHomeOut(
        banners=[_banner(row) for row in Banner.objects.select_related("image")],
        shelves=[_shelf(row) for row in HomeShelf.objects.prefetch_related("chosen")],
        hot_words=list(HotWord.objects.values_list("word", flat=True)),
    )


@router.post("/window/banners", response={201: Made}, summary="Add a banner")
def staff_add_banner(request: HttpRequest, data: BannerIn) -> Status[Made]:
    """It leads somewhere in the shop and nowhere else."""
    return Status(201, Made(id=edit_home.add_banner(by=staff_of(request), **_given(data))))


@router.patch("/window/banners/{banner_id}", response=Versioned, summary="Edit a banner")
def staff_edit_banner(request: HttpRequest, banner_id: Id, data: BannerChangeIn) -> Versioned:
    """Change what is given. Null for a moment: from now on, for ever."""
    version = edit_home.edit_banner(
        by=staff_of(request),
        banner_id=banner_id,
        version=data.version,
        **_given(data, "starts_at", "ends_at"),
    )
    return Versioned(version=version)


@router.delete("/window/banners/{banner_id}", response=Done, summary="Delete a banner")
def staff_delete_banner(request: HttpRequest, banner_id: Id) -> Done:
    """It is shown no more."""
    edit_home.delete_banner(by=staff_of(request), banner_id=banner_id)
    return Done()


@router.post("/window/shelves", response={201: Made}, summary="Add a row of products")
def staff_add_shelf(request: HttpRequest, data: ShelfIn) -> Status[Made]:
    """Chosen by hand, or the newest or best sold."""
    return Status(201, Made(id=edit_home.add_shelf(by=staff_of(request), **_given(data))))


@router.patch("/window/shelves/{shelf_id}", response=Versioned, summary="Edit a row of products")
def staff_edit_shelf(request: HttpRequest, shelf_id: Id, data: ShelfChangeIn) -> Versioned:
    """Change what is given."""
    version = edit_home.edit_shelf(
        by=staff_of(request),
        shelf_id=shelf_id,
        version=data.version,
        **_given(data, "category_id"),
    )
    return Versioned(version=version)


@router.delete("/window/shelves/{shelf_id}", response=Done, summary="Delete a row of products")
def staff_delete_shelf(request: HttpRequest, shelf_id: Id) -> Done:
    """The products stay."""
    edit_home.delete_shelf(by=staff_of(request), shelf_id=shelf_id)
    return Done()


@router.put("/window/hot-words", response=Done, summary="State the words to search for")
def staff_set_hot_words(request: HttpRequest, data: HotWordsIn) -> Done:
    """In this order. What shoppers type is shown to nobody else."""
    edit_home.set_hot_words(by=staff_of(request), words=data.words)
    return Done()


def _given(data: Input, *may_be_empty: str) -> Any:
    """What was given; null clears what may be empty, and is as good as not given elsewhere."""
    given = data.model_dump(exclude_unset=True, exclude={"version"}, mode="python")
    return {
        name: getattr(value, "value", value)
        for name, value in given.items()
        if value is not None or name in may_be_empty
    }


def _banner(row: Banner) -> StaffBannerOut:
    return StaffBannerOut(
        **shapes.banner(row).model_dump(),
        position=row.position,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        is_hidden=row.is_hidden,
        version=row.version,
    )


def _shelf(row: HomeShelf) -> StaffShelfOut:
    return StaffShelfOut(
        id=row.pk,
        title=row.title,
        subtitle=row.subtitle,
        kind=row.kind,
        category_id=row.category_id,
        length=row.length,
        position=row.position,
        is_hidden=row.is_hidden,
        product_ids=[each.product_id for each in row.chosen.all()],
        version=row.version,
    )
