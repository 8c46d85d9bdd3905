"""Processes that run beside a benchmark, and clients that ask them."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

_OURS: Final = "mingchi.config.wsgi:application"


@contextmanager
def beside(
    command: Sequence[str], environment: Mapping[str, str], *, folder: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process with these variables beside ours, told to end afterwards and waited for."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def settler(url: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """`mingchi settle` on this database."""
    return beside([sys.executable, "-m", "mingchi.cli", "settle"], {"DATABASE_URL": url})


def web(
    port: int,
    environment: Mapping[str, str],
    *,
    python: str = sys.executable,
    application: str = _OURS,
    folder: Path | None = None,
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """granian as in production: one process of 16 threads."""
    listen = ["--host", "127.0.0.1", "--port", str(port), "--blocking-threads", "16"]
    served = ["granian", "--interface", "wsgi", *listen, application]
    return beside([python, "-W", "ignore", "-m", *served], environment, folder=folder)


class Client:
    """One connection that is kept, with cookies and headers."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Content-Type": "application/json", **(headers or {})}
        self._cookies: dict[str, str] = {}

    def post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON of the answer. Asserts that it was no refusal."""
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        sent = {**self._headers, **(headers or {}), **({"Cookie": cookie} if cookie else {})}
        self._connection.request("POST", path, json.dumps(body), sent)
        answer = self._connection.getresponse()
        text = answer.read()
        assert answer.status < 300, f"POST {path}: {answer.status} {text[:500]!r}"
        for said in answer.headers.get_all("Set-Cookie", []):
            name, _, value = said.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, json.loads(text)

    def until_up(self, path: str) -> None:
        """Waits for a server that is starting."""
        until = time.monotonic() + 60
        while True:
            try:
                self._connection.request("GET", path)
                if (answer := self._connection.getresponse()).status == 200:
                    answer.read()
                    return
            except OSError:
                pass
            self._connection.close()
            assert time.monotonic() < until, "the web server did not come up"
            time.sleep(0.2)


def signed_in(port: int, *, phone: str, password: str) -> Client:
    """A member of ours, as an app would be."""
    who = {"phone": phone, "password": password}
    _status, answer = Client(port).post("/api/members/sign-in", who)
    return Client(port, {"Authorization": f"Bearer {answer['token']}"})
