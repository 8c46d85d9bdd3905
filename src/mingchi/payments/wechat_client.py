"""The library that speaks WeChat Pay's API v3, kept on a short lead.

What `wechatpayv3` 2.0.4 does that a server must not: it fetches certificates over the network as
it is made and whenever a serial is unknown (emptying its list meanwhile, seen by other threads),
goes to one fixed address, waits for ever unless told otherwise, believes refusals and the bill's
file unsigned, and reads certificates by a property that `cryptography` has dropped.
"""

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import requests
from cryptography import x509
from django.core.exceptions import ImproperlyConfigured
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core

from mingchi.foundation.outside import NO_PROXY, TIMEOUT_S, refuse_remote
from mingchi.payments.configuration import WechatConfig
from mingchi.payments.gateways import GatewayDownError, GatewayError

LARGEST_BILL: Final = 256 * 1024 * 1024


class _Core(Core):  # type: ignore[misc]
    """Speaks with the address it is given and knows the certificates it is given, no others."""

    def __init__(self, config: WechatConfig, certificates: list[x509.Certificate]) -> None:
        self._given = certificates
        super().__init__(
            mchid=config.mchid,
            cert_serial_no=config.cert_serial,
            private_key=config.private_key,
            apiv3_key=config.api_key,
            proxy=NO_PROXY,
            timeout=TIMEOUT_S,
            public_key=config.public_key or None,
            public_key_id=config.public_key_id or None,
        )
        self._gate_way = config.address.rstrip("/")

    def _init_certificates(self) -> None:
        self._certificates = list(self._given)

    def _update_certificates(self) -> None:
        """Never: a serial that is unknown is refused."""

    def _last_certificate(self) -> x509.Certificate:
        return max(self._certificates, key=lambda each: each.not_valid_after_utc)


class _Pay(WeChatPay):  # type: ignore[misc]
    """The library's front, on our core; its own constructor would make one of its own."""

    def __init__(self, config: WechatConfig, core: _Core) -> None:
        self._type = WeChatPayType.NATIVE
        self._mchid, self._appid = config.mchid, config.appid
        self._notify_url = f"{config.public_url}/api/gateways/wechat/notice"
        self._core = core
        self._partner_mode = False


class WechatClient:
    """Calls as `client.call("pay", …)`: JSON, None where the gateway knows of nothing."""

    def __init__(self, config: WechatConfig) -> None:
        refuse_remote("The payment gateway wechat", config.address)
        self.certificates = read_certificates(config.platform_certificates)
        self._key_id = config.public_key_id
        core = _Core(config, self.certificates)
        if core._private_key is None:
            raise ImproperlyConfigured("MINGCHI_WECHAT_PRIVATE_KEY is empty")
        self._core, self._pay = core, _Pay(config, core)

    def knows_serial(self, serial: str, *, now: datetime) -> bool:
        """Whether a key or a certificate of this serial is ours to believe now."""
        if self._key_id:
            return serial == self._key_id
        return any(
            f"{each.serial_number:X}" == serial.upper().lstrip("0")
            and each.not_valid_before_utc <= now <= each.not_valid_after_utc
            for each in self.certificates
        )

    def call(self, name: str, *, missing: tuple[str, ...] = (), **words: Any) -> Any:
        """Call the library's method; codes in `missing` mean that there is no such thing (None).

        Raises GatewayError with the gateway's own code, GatewayDownError where no answer came
        that can be believed.
        """
        try:
            status, text = getattr(self._pay, name)(**words)
        except requests.RequestException as error:
            raise GatewayDownError(type(error).__name__) from error
        except Exception as error:  # the library raises no kinds of its own
            raise GatewayDownError(str(error)) from error
        answer = _json(text)
        if status in (200, 202, 204):
            return answer
        code = str(answer.get("code", status))[:60]
        if status >= 500 or status == 429 or code == "SIGN_ERROR":
            raise GatewayDownError(code)
        if code in missing:
            return None
        raise GatewayError(code)

    def sign(self, *parts: str) -> str:
        """Our signature under lines, for the buyer's device."""
        return str(self._pay.sign(list(parts)))

    def read(self, *, body: bytes, headers: Mapping[str, str], now: datetime) -> dict[str, Any]:
        """A callback, its resource decrypted. The serial is looked at first: the library would go
        and ask for one it does not know, for whoever sends us such."""
        if not self.knows_serial(headers.get("wechatpay-serial", ""), now=now):
            raise GatewayError("unknown_serial")
        names = ("timestamp", "nonce", "signature", "serial", "signature-type")
        signed = {f"wechatpay-{name}": headers.get(f"wechatpay-{name}", "") for name in names}
        signed["wechatpay-signature-type"] = "WECHATPAY2-SHA256-RSA2048"
        try:
            if not self._core._verify_signature(signed, body.decode()):
                raise GatewayError("bad_signature")
        except ValueError as error:  # bytes that are no text, a serial that is no number
            raise GatewayError("bad_signature") from error
        _refuse_stale(signed["wechatpay-timestamp"], now)
        try:
            told = self._pay.callback(signed, body)
        except Exception as error:  # forms the library did not think of
            raise GatewayError("malformed_notice") from error
        if not isinstance(told, dict) or not isinstance(told.get("resource"), dict):
            raise GatewayError("malformed_notice")
        return told

    def download(self, answer: Mapping[str, Any]) -> bytes:
        """The bill's file, unpacked. It carries no signature: its hash stands in the answer that
        led to it, which does."""
        status, content = self._fetch(str(answer["download_url"]))
        if status != 200:
            raise GatewayDownError(f"bill {status}")
        content = _unpacked(content)
        if hashlib.sha1(content).hexdigest() != str(answer["hash_value"]).lower():  # noqa: S324 - theirs
            raise GatewayDownError("bill_hash")
        return content

    def _fetch(self, url: str) -> tuple[int, bytes]:
        if not url.startswith(self._core._gate_way + "/"):
            raise GatewayDownError("bill_elsewhere")
        try:
            status, content = self._pay.download_bill(url)
        except requests.RequestException as error:
            raise GatewayDownError(type(error).__name__) from error
        return status, content.encode() if isinstance(content, str) else content


def read_certificates(pem: str) -> list[x509.Certificate]:
    """Platform certificates; raises ImproperlyConfigured for what is none, or all outlived."""
    if not pem:
        return []
    try:
        found = x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise ImproperlyConfigured(
            "MINGCHI_WECHAT_PLATFORM_CERTIFICATES holds no certificate in PEM"
        ) from error
    if all(each.not_valid_after_utc < datetime.now(UTC) for each in found):
        raise ImproperlyConfigured(
            "MINGCHI_WECHAT_PLATFORM_CERTIFICATES have all expired; get the present one"
        )
    return found


def _refuse_stale(timestamp: str, now: datetime) -> None:
    """More than five minutes from now is a replay, or a clock that is wrong."""
    plain = timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12
    if not plain or abs(now.timestamp() - int(timestamp)) > 300:
        raise GatewayError("stale_notice")


def _unpacked(content: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(content)) as file:
            found = file.read(LARGEST_BILL + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise GatewayDownError("bill_packed") from error
    if len(found) > LARGEST_BILL:
        raise GatewayDownError("bill_too_large")
    return found


def _json(text: str | bytes) -> dict[str, Any]:
    if not text:
        return {}
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise GatewayDownError("no_json") from error
    if not isinstance(answer, dict):
        raise GatewayDownError("no_json")
    return answer
