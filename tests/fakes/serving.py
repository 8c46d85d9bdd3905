"""What both fakes have in common: HTTP on loopback, keys made anew, faults on order."""

import base64
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Answer:
    """What goes back over the wire."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Faults:
    """What goes wrong, by name of an operation, each once: `lose` does it and breaks the
    connection, `break_` breaks it before, `down` answers 500, `refuse` with a code, `forge` signs
    the answer with a stranger's key, `slow_s` waits first."""

    lose: list[str] = field(default_factory=list)
    break_: list[str] = field(default_factory=list)
    down: list[str] = field(default_factory=list)
    forge: list[str] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    slow_s: float = 0

    def once(self, name: str, operation: str) -> bool:
        """Whether this fault is ordered for the operation; it is used up."""
        ordered: list[str] = getattr(self, name)
        if operation not in ordered:
            return False
        ordered.remove(operation)
        return True


class DropConnectionError(Exception):
    """Nothing goes back: the connection breaks."""


Handle = Callable[[str, str, dict[str, str], bytes], Answer]


class Server:
    """Answers on a free port of 127.0.0.1 until it is closed."""

    def __init__(self, handle: Handle, port: int = 0) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler(handle))
        self._http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def _handler(handle: Handle) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                answer = handle(self.command, self.path, dict(self.headers), body)
            except DropConnectionError:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if answer.status != 204:
                self.wfile.write(answer.body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler


def wait(faults: Faults) -> None:
    """As slow as ordered."""
    if faults.slow_s:
        time.sleep(faults.slow_s)


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """A key by name, made once a process: making one takes a tenth of a second."""
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(of: rsa.RSAPrivateKey) -> str:
    """PKCS 8."""
    return of.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_pem(of: rsa.RSAPrivateKey) -> str:
    """SubjectPublicKeyInfo."""
    return (
        of.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def certificate(
    of: rsa.RSAPrivateKey, name: str, *, days: int = 365, since: datetime | None = None
) -> x509.Certificate:
    """Signed by itself."""
    who = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Fake"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Tests"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    start = since or datetime(2026, 1, 1, tzinfo=UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(of.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .sign(of, hashes.SHA256())
    )


def certificate_pem(of: x509.Certificate) -> str:
    """As files hold it."""
    return of.public_bytes(serialization.Encoding.PEM).decode()


def sign(of: rsa.RSAPrivateKey, text: str) -> bytes:
    """RSA with SHA-256, as both gateways want it."""
    return of.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())


def is_signed(of: rsa.RSAPrivateKey, text: str, signature: bytes) -> bool:
    """By the owner of this key."""
    from cryptography.exceptions import InvalidSignature

    try:
        of.public_key().verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def unwrapped(text: str) -> bytes:
    """Base64."""
    return base64.b64decode(text)


def share_fen(amount_fen: int, *, ppm: int = 6000) -> int:
    """The fee of an amount, half a fen up."""
    return (amount_fen * ppm + 500_000) // 1_000_000
