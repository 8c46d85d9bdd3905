"""What the environment may say, in one place; every other module asks here."""

import json
import os
import re
import secrets
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parents[3]
SANDBOX, LIVE = "sandbox", "live"


def mode() -> str:
    """`sandbox` (default) or `live`; anything else is refused."""
    value = os.environ.get("MINGCHI_MODE", SANDBOX)
    if value not in (SANDBOX, LIVE):
        raise ImproperlyConfigured(f"MINGCHI_MODE must be sandbox or live, not {value!r}")
    return value


def var_dir() -> Path:
    """Where an installation keeps its data: MINGCHI_VAR, else `var` in the checkout."""
    return Path(os.environ.get("MINGCHI_VAR") or ROOT / "var").resolve()


def secret(name: str) -> str:
    """A secret from the environment. Sandbox makes and keeps its own in `var/secrets`;
    live refuses to start without one of at least 32 characters."""
    value = os.environ.get(name, "")
    if mode() == LIVE:
        if len(value) < 32:
            raise ImproperlyConfigured(
                f"{name} is missing or shorter than 32 characters; live mode takes secrets from "
                "the environment only"
            )
        return value
    return value or _kept_secret(name)


def _kept_secret(name: str) -> str:
    path = var_dir() / "secrets" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            # Hard-linking is atomic and fails where another process was first.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


def hosts() -> list[str]:
    """Host names we answer to: MINGCHI_HOSTS, comma-separated; sandbox adds loopback."""
    named = [host for host in os.environ.get("MINGCHI_HOSTS", "").split(",") if host]
    if mode() == LIVE and not named:
        raise ImproperlyConfigured("MINGCHI_HOSTS must name the hosts of a live platform")
    return named or ["127.0.0.1", "localhost", "[::1]", "testserver"]


def image_storage() -> dict[str, Any]:
    """Where pictures are kept: MINGCHI_IMAGE_STORAGE, a class of Django's storages, with its
    options as JSON in MINGCHI_IMAGE_STORAGE_OPTIONS; else the folder `media` of MINGCHI_VAR."""
    backend = os.environ.get("MINGCHI_IMAGE_STORAGE", "")
    if not backend:
        options = {"location": var_dir() / "media", "base_url": "/media/", "allow_overwrite": True}
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    text = os.environ.get("MINGCHI_IMAGE_STORAGE_OPTIONS", "{}")
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise ImproperlyConfigured("MINGCHI_IMAGE_STORAGE_OPTIONS must be a JSON object")
    return {"BACKEND": backend, "OPTIONS": given}


def image_origins() -> list[str]:
    """From where else browsers may load pictures: MINGCHI_IMAGE_ORIGIN, `https://host`, where the
    storage of pictures gives addresses on another host."""
    origin = os.environ.get("MINGCHI_IMAGE_ORIGIN", "")
    if origin and not re.fullmatch(r"https://[A-Za-z0-9.-]+(:[0-9]+)?", origin):
        raise ImproperlyConfigured(f"MINGCHI_IMAGE_ORIGIN must be https://host, not {origin!r}")
    return [origin] if origin else []


def log_level() -> str:
    """MINGCHI_LOG_LEVEL, INFO where nothing is said."""
    return os.environ.get("MINGCHI_LOG_LEVEL", "INFO").upper()


def number(name: str, default: int, *, most: int) -> int:
    """A whole number from 0 to `most`; anything else is refused."""
    text = os.environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit()) or int(text) > most:
        raise ImproperlyConfigured(f"{name} must be a whole number from 0 to {most}, not {text!r}")
    return int(text)


def one_of(name: str, words: tuple[str, ...]) -> str:
    """One of these words, the first where nothing is said; anything else is refused."""
    text = os.environ.get(name) or words[0]
    if text not in words:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(words)}, not {text!r}")
    return text


def trusted_proxies() -> int:
    """How many reverse proxies stand before the web server: MINGCHI_TRUSTED_PROXIES, 0 to 5."""
    return number("MINGCHI_TRUSTED_PROXIES", 0, most=5)


def metrics_token() -> str | None:
    """Who may read /metrics: MINGCHI_METRICS_TOKEN as bearer token. Sandbox lets everybody
    where none is set (None); live then hides the page ("")."""
    token = os.environ.get("MINGCHI_METRICS_TOKEN", "")
    return token or ("" if mode() == LIVE else None)
