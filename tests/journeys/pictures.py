"""Pictures of pages for people to look at. No test reads them."""

from pathlib import Path
from typing import Final

from playwright.sync_api import Page

_FOLDER: Final = Path(__file__).resolve().parents[2] / "build" / "screenshots"


def keep_picture(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep how the page looks, in `build/screenshots`; whole: beyond the window too."""
    page.screenshot(path=_FOLDER / f"{name}.jpg", quality=80, full_page=whole)
