"""Vue islands: which built files a page needs, and what it hands to them.

They are built from `web/islands` and kept beside our style sheets; `manifest.json` names them.
Their names hold a hash of their content already and they import each other by these names, so they
are served as they are called, not renamed once more.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language

BUILT: Final = Path(__file__).parent / "static" / "islands"
ENTRY: Final = "src/main.ts"


class Assets(NamedTuple):
    """Paths below the static address: the script, and its style sheets."""

    script: str
    styles: tuple[str, ...]


@cache
def assets() -> Assets:
    """The built files of the entry."""
    manifest: dict[str, Any] = json.loads((BUILT / "manifest.json").read_text())
    entry = manifest[ENTRY]
    return Assets(
        script=f"islands/{entry['file']}",
        styles=tuple(f"islands/{name}" for name in entry.get("css", [])),
    )


def page(
    request: HttpRequest, context: dict[str, Any], *, island: str, props: dict[str, Any]
) -> TemplateResponse:
    """A page of the back office that one island fills. `props` reach it as JSON."""
    handed = {
        "island": island,
        "language": "zh" if (get_language() or "").startswith("zh") else "en",
        "csrf": get_token(request),
        "api": reverse("api:api-root").rstrip("/"),
        **props,
    }
    found = assets()
    static = settings.STATIC_URL
    return TemplateResponse(
        request,
        "backoffice/island.html",
        {
            **context,
            "props": handed,
            "script": static + found.script,
            "styles": [static + name for name in found.styles],
        },
    )
