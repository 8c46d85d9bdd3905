"""Pictures made of what was uploaded: judged by content, drawn anew, never kept as they came."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from threading import BoundedSemaphore
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from mingchi.foundation.errors import DomainError

MAX_BYTES: Final = 10 * 1024**2
MAX_PIXELS: Final = 25_000_000
LARGEST: Final = 1600
THUMBNAILS: Final = (800, 400, 200)
_MAX_SIDE: Final = 16_000
# A multi-picture JPEG of a phone; its first picture is the one that was meant.
_SEVERAL_IN_A_JPEG: Final = "MPO"
_BROKEN: Final = (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError)
# A large picture takes a hundred megabytes while it is read: two at a time, whoever asks.
_room = BoundedSemaphore(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is kept: WebP files by name, and the size of the largest, in pixels."""

    digest: str
    width: int
    height: int
    files: Mapping[str, bytes]


def name(digest: str, size: int | None = None) -> str:
    """The file's name: `ab/cdef….webp`, a thumbnail's `ab/cdef…-400.webp`."""
    return f"{digest[:2]}/{digest[2:]}{f'-{size}' if size else ''}.webp"


def make(data: bytes) -> Picture:
    """JPEG, PNG or WebP of at most 10 MB and 25 megapixels, drawn anew without what it carried
    besides (place, camera, comments, anything appended), turned upright, in sRGB.

    Errors, all on field `image`: `image_empty`, `image_too_large` 413, `image_type_unknown`,
    `image_animated`, `image_too_many_pixels`, `image_broken`.
    """
    if not data:
        raise _refused("image_empty", _("The file is empty."))
    if len(data) > MAX_BYTES:
        raise _refused("image_too_large", _("A picture has at most 10 MB."), status=413)
    with _room:
        return draw(_opened(data))


def draw(image: Image.Image) -> Picture:
    """The files of a picture: at most 1600 pixels a side, and thumbnails, never enlarged."""
    largest = _within(image, LARGEST)
    encoded = _webp(largest)
    digest = hashlib.sha256(encoded).hexdigest()
    files = {name(digest): encoded}
    smaller = largest
    for size in THUMBNAILS:
        smaller = _within(smaller, size)
        files[name(digest, size)] = _webp(smaller) if smaller is not largest else encoded
    return Picture(digest=digest, width=largest.width, height=largest.height, files=files)


def _opened(data: bytes) -> Image.Image:
    try:
        image = Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP"))
    except UnidentifiedImageError:
        raise _refused(
            "image_type_unknown", _("Pictures are JPEG, PNG or WebP; this file is none of them.")
        ) from None
    except Image.DecompressionBombError:
        raise _too_many_pixels() from None
    except _BROKEN:
        raise _broken() from None
    if image.width * image.height > MAX_PIXELS or max(image.size) > _MAX_SIDE:
        raise _too_many_pixels()
    if getattr(image, "is_animated", False) and image.format != _SEVERAL_IN_A_JPEG:
        raise _refused("image_animated", _("Moving pictures are not taken."))
    try:
        image.draft("RGB", (LARGEST, LARGEST))
        return _plain(image)
    except _BROKEN:
        raise _broken() from None


def _plain(image: Image.Image) -> Image.Image:
    """Upright, in sRGB, with transparency where it has some, and nothing said beside it."""
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    see_through = image.has_transparency_data
    if image.mode not in ("RGB", "RGBA", "CMYK"):
        image = image.convert("RGBA" if see_through else "RGB")
        profile = None
    if profile:
        image = _in_srgb(image, profile)
    image = image.convert("RGBA" if see_through else "RGB")
    image.info.clear()
    return image


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    mode = "RGB" if image.mode == "CMYK" else image.mode
    try:
        seen = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode=mode,
        )
    except (ImageCms.PyCMSError, OSError):
        return image  # a profile that nobody can read changes no colour
    return seen or image


def _within(image: Image.Image, side: int) -> Image.Image:
    """At most so many pixels a side."""
    if max(image.size) <= side:
        return image
    scale = side / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _webp(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "WEBP", quality=82, method=2, exif=b"", icc_profile=b"", xmp=b"")
    return out.getvalue()


def _too_many_pixels() -> DomainError:
    return _refused(
        "image_too_many_pixels",
        _("A picture has at most 25 megapixels and 16 000 pixels a side."),
    )


def _broken() -> DomainError:
    return _refused("image_broken", _("This picture can't be read: it is broken or cut off."))


def _refused(code: str, message: str | Promise, *, status: int = 400) -> DomainError:
    return DomainError(code, message, field="image", status=status)
