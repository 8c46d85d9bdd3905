"""django-oscar with oscarapi, set up in an environment and a database of its own, to buy from."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from mingchi.bench._driving import Client, web
from mingchi.config.environment import ROOT

_PROJECT: Final = Path(__file__).parent / "_oscar"
_TOOLS: Final = ROOT / ".tools" / "oscar"
_LOCK: Final = ROOT / "requirements" / "oscar.lock"
_PYTHON: Final = _TOOLS / "bin" / "python"


@contextmanager
def shop(url: str, port: int, *, products: int) -> Iterator[list[int]]:
    """A running oscar beside our database on the same server; the keys of its products."""
    _install()
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("CREATE DATABASE oscar")
    parts = conninfo_to_dict(url)
    place = {"OSCAR_USER": str(parts.get("user", "")), "OSCAR_HOST": str(parts.get("host", ""))}
    environment = {**place, "DJANGO_SETTINGS_MODULE": "settings"}
    made = subprocess.run(
        [_PYTHON, "-W", "ignore", "stock.py", str(products)],
        cwd=_PROJECT,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    python, application = str(_PYTHON), "wsgi:application"
    with web(port, environment, python=python, application=application, folder=_PROJECT):
        Client(port).until_up("/api/countries/")
        yield [int(line) for line in made.stdout.split()]


class Buyer:
    """Somebody without an account, as oscar calls whoever holds a cookie."""

    def __init__(self, port: int, products: list[int]) -> None:
        self._client = Client(port)
        self._address = f"http://127.0.0.1:{port}/api"
        self._products = products

    def fill(self) -> dict[str, Any]:
        """Puts two lines into a new basket; what its checkout is asked with."""
        for product in self._products:
            wanted = {"url": f"{self._address}/products/{product}/", "quantity": 1}
            _status, basket = self._client.post("/api/basket/add-product/", wanted)
        return {
            "basket": basket["url"],
            "guest_email": "buyer@example.org",
            "shipping_address": {
                "country": f"{self._address}/countries/CN/",
                "first_name": "Li",
                "last_name": "Lei",
                "line1": "1 Wensan Road",
                "line4": "Hangzhou",
                "postcode": "310000",
                "phone_number": "+8613800138000",
                "notes": "",
            },
        }

    def check_out(self, asked: dict[str, Any]) -> None:
        """Makes an order of it."""
        self._client.post("/api/checkout/", asked)


def _install() -> None:
    """Puts it where script/web keeps Node, once a lock file."""
    stamp = _TOOLS / ".lock"
    if stamp.exists() and stamp.read_text() == _LOCK.read_text():
        return
    print("Installing django-oscar from requirements/oscar.lock …", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", _TOOLS], check=True)
    pip = [str(_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(_LOCK)], check=True)
    stamp.write_text(_LOCK.read_text())
