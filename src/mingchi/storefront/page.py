"""The page in which the storefront runs, for every address of it: they stand behind `#`."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import etag, require_safe

BUILT: Final = Path(__file__).parent / "built"
# Served with Django's other static files, below `static/storefront`.
STATIC: Final = BUILT / "static"


@cache
def _page() -> bytes:
    return (BUILT / "index.html").read_bytes()


def _tag(_request: HttpRequest) -> str:
    return f'"{hashlib.sha256(_page()).hexdigest()[:16]}"'


@require_safe
@cache_control(no_cache=True)
@etag(_tag)
def storefront(request: HttpRequest) -> HttpResponse:
    """The page as it was built. It names its files by their content, so a browser asks for it each
    time and is answered with 304 until there is a new one."""
    return HttpResponse(_page(), content_type="text/html; charset=utf-8")
