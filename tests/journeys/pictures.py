"""Pictures of pages for people to look at. No test reads them."""

import os
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

_FOLDER: Final = Path(__file__).resolve().parents[2] / "build" / "screenshots"
# Drawing and packing them is a good part of the browser's work, and in CI nobody looks.
_WANTED: Final = not os.environ.get("CI")
_DRAWN: Final = "new Promise(then => requestAnimationFrame(() => requestAnimationFrame(then)))"


def keep_picture(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep how the page looks, in `build/screenshots`; whole: beyond the window too. Afterwards,
    picture or not, the page has been drawn in its window as it is now."""
    if _WANTED:
        page.screenshot(path=_FOLDER / f"{name}.jpg", quality=80, full_page=whole)
    else:
        page.evaluate(_DRAWN)
