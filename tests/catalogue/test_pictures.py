"""What is uploaded: judged by content, drawn anew, refused with a reason."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PIL import PngImagePlugin
from pytest_django import Settings

from mingchi.catalogue import pictures
from mingchi.foundation.errors import DomainError

PAYLOAD = b"<script>alert(1)</script>"


def encoded(kind: str = "PNG", size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    out = BytesIO()
    mode = "RGB" if kind == "JPEG" else "RGBA"
    Pillow.new(mode, size, "#20618c").save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def frames(kind: str) -> bytes:
    out, colours = BytesIO(), ("red", "green", "blue")
    first, *rest = (Pillow.new("RGB", (8, 8), colour) for colour in colours)
    first.save(out, kind, save_all=True, append_images=rest, duration=100)
    return out.getvalue()


def declared(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is that large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    found = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", head), (b"IDAT", zlib.compress(b"\x00" * 10))):
        chunk = kind + body
        found += struct.pack(">I", len(body)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return found


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "image_empty"),
        (b"\x89PNG" + b"0" * (10 * 1024**2), "image_too_large"),
        (b"GIF89a" + PAYLOAD, "image_type_unknown"),
        (frames("GIF"), "image_type_unknown"),
        (b"%PDF-1.7 " + encoded(), "image_type_unknown"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image_type_unknown"),
        (encoded("BMP"), "image_type_unknown"),
        (encoded("TIFF"), "image_type_unknown"),
        (PAYLOAD, "image_type_unknown"),
        (frames("PNG"), "image_animated"),
        (frames("WEBP"), "image_animated"),
        (declared(5_001, 5_000), "image_too_many_pixels"),
        (declared(100_000, 100_000), "image_too_many_pixels"),
        (declared(16_001, 1), "image_too_many_pixels"),
        (declared(0, 0), "image_type_unknown"),
        (declared(64, 64), "image_broken"),
        (encoded("JPEG")[:200], "image_broken"),
        (encoded("WEBP", (400, 400))[:-40], "image_broken"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(DomainError) as caught:
        pictures.make(data)
    assert (caught.value.code, caught.value.field) == (code, "image")
    assert caught.value.message


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_is_kept_is_ours(kind: str) -> None:
    made = pictures.make(encoded(kind, (2000, 1000)) + PAYLOAD)
    assert (made.width, made.height) == (1600, 800)
    sides = []
    for name, content in made.files.items():
        assert name.startswith(f"{made.digest[:2]}/{made.digest[2:]}")
        assert PAYLOAD not in content
        with Pillow.open(BytesIO(content)) as drawn:
            assert drawn.format == "WEBP"
            sides.append(drawn.size)
    assert sides == [(1600, 800), (800, 400), (400, 200), (200, 100)]


def test_small_ones_are_not_enlarged() -> None:
    made = pictures.make(encoded(size=(150, 90)))
    assert len(made.files) == 4
    assert len(set(made.files.values())) == 1
    assert (made.width, made.height) == (150, 90)


def test_the_same_picture_has_the_same_name_whatever_came_with_it() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "mine")
    assert pictures.make(encoded()).digest == pictures.make(encoded(pnginfo=info)).digest


def test_place_and_camera_are_gone_and_it_stands_upright() -> None:
    exif = Pillow.Exif()
    exif[0x0112], exif[0x010F] = 6, "Secret camera"  # lying on its side
    exif.get_ifd(0x8825)[1] = "N"
    made = pictures.make(encoded("JPEG", (40, 20), exif=exif, comment=b"Secret comment"))
    assert (made.width, made.height) == (20, 40)
    for content in made.files.values():
        with Pillow.open(BytesIO(content)) as drawn:
            assert not drawn.getexif()
            assert not {"exif", "xmp", "icc_profile", "comment"} & set(drawn.info)
        assert b"Secret" not in content


def test_see_through_stays_see_through() -> None:
    out = BytesIO()
    Pillow.new("RGBA", (10, 10), (255, 0, 0, 0)).save(out, "PNG")
    content = next(iter(pictures.make(out.getvalue()).files.values()))
    with Pillow.open(BytesIO(content)) as drawn:
        assert drawn.convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "I;16", "CMYK"])
def test_any_colours_become_those_of_a_screen(mode: str) -> None:
    out = BytesIO()
    drawn = Pillow.new("RGB", (9, 9), "#808080")
    for step in ("L", "I", mode) if mode == "I;16" else (mode,):
        drawn = drawn.convert(step)
    drawn.save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert pictures.make(out.getvalue()).width == 9


def test_two_in_a_jpeg_are_a_phone_picture_not_a_film() -> None:
    out = BytesIO()
    first, second = (Pillow.new("RGB", (30, 20), colour) for colour in ("red", "blue"))
    first.save(out, "MPO", save_all=True, append_images=[second])
    made = pictures.make(out.getvalue())
    with Pillow.open(BytesIO(made.files[pictures.name(made.digest)])) as drawn:
        red, _green, blue = drawn.convert("RGB").getpixel((5, 5))  # type: ignore[misc]
    assert red > 200 > blue


def test_nothing_is_written_by_looking(tmp_path: Path, settings: Settings) -> None:
    pictures.make(encoded())
    assert list(tmp_path.iterdir()) == []
