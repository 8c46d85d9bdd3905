"""Pictures as files. Only what we drew ourselves is kept there; browsers keep it for good."""

from django.core.files.storage import storages
from django.http import FileResponse, Http404, HttpRequest, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control

from mingchi.catalogue import images

A_YEAR_S = 365 * 24 * 3600


def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """A file of the storage `images`, where that is a folder of ours. Its name is that of its
    content, so it never changes."""
    if not images.NAME.fullmatch(name):
        raise Http404
    etag = f'"{name}"'
    if request.headers.get("If-None-Match") == etag:
        return _kept(HttpResponseNotModified(), etag)
    try:
        content = storages["images"].open(name)
    except FileNotFoundError:
        raise Http404 from None
    return _kept(FileResponse(content, content_type="image/webp"), etag)


def _kept(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    patch_cache_control(response, public=True, immutable=True, max_age=A_YEAR_S)
    response["ETag"] = etag
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
