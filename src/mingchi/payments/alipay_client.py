"""The library that speaks with Alipay, kept on a short lead.

What `python-alipay-sdk` 3.4.0 does that a server must not: it goes to one of two fixed addresses,
puts the whole request into the address line, follows proxies of the environment, changes the
dictionary it verifies, and stamps requests with the machine's own zone.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import requests
from alipay import AliPay, DCAliPay
from alipay.exceptions import AliPayException, AliPayValidationError
from django.core.exceptions import ImproperlyConfigured

from mingchi.foundation.outside import NO_PROXY, TIMEOUT_S, refuse_remote
from mingchi.payments.bills import ZONE
from mingchi.payments.configuration import AlipayConfig
from mingchi.payments.gateways import GatewayDownError, GatewayError

LARGEST_ANSWER: Final = 256 * 1024 * 1024
_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.S)
# Codes of the first level that say nothing of what became of the call.
_DOWN: Final = frozenset({"20000"})
_DOWN_MORE: Final = frozenset(
    {"ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR", "SYSTEM_ERROR", "isp.unknow-error"}
)


class _Calls:
    """Our way to the address, for both kinds of the library's client."""

    _gateway: str

    def build_body(self, method: str, biz_content: Any = None, **words: Any) -> dict[str, Any]:
        """The library's, at Alipay's time."""
        body: dict[str, Any] = super().build_body(method, biz_content, **words)  # type: ignore[misc]
        body["timestamp"] = datetime.now(ZONE).strftime("%Y-%m-%d %H:%M:%S")
        return body

    def verified_sync_response(self, data: dict[str, Any], response_type: str) -> Any:
        """Post the request and believe only a signed answer."""
        signed = self.sign_data(data)  # type: ignore[attr-defined]
        answer = requests.post(
            f"{self._gateway}?charset=utf-8",
            data=signed,
            headers={"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"},
            timeout=TIMEOUT_S,
            proxies=NO_PROXY,  # type: ignore[arg-type]
            allow_redirects=False,
        )
        if answer.status_code != 200:
            raise GatewayDownError(f"http {answer.status_code}")
        return self._verify_and_return_sync_response(  # type: ignore[attr-defined]
            answer.content.decode(), response_type
        )


class _ByKey(_Calls, AliPay):  # type: ignore[misc]
    pass


class _ByCertificate(_Calls, DCAliPay):  # type: ignore[misc]
    pass


class AlipayClient:
    """Calls by Alipay's own names of methods."""

    def __init__(self, config: AlipayConfig) -> None:
        refuse_remote("The payment gateway alipay", config.address)
        self.notify_url = f"{config.public_url}/api/gateways/alipay/notice"
        self.by_certificate = bool(config.app_certificate)
        try:
            self._pay = _by_certificate(config) if self.by_certificate else _by_key(config)
            if self.by_certificate:
                _ = self._pay.app_cert_sn, self._pay.alipay_root_cert_sn
        except Exception as error:  # whatever its two crypto libraries raise
            raise ImproperlyConfigured(
                "MINGCHI_ALIPAY_*: a key or a certificate can't be read as PEM"
            ) from error
        self._pay._gateway = config.address

    def order_string(self, method: str, content: Mapping[str, Any]) -> str:
        """A signed request that the buyer's device brings to Alipay."""
        return str(self._pay.client_api(method, dict(content), notify_url=self.notify_url))

    def page_address(self, method: str, content: Mapping[str, Any]) -> str:
        """The same as an address to go to."""
        return f"{self._pay._gateway}?{self.order_string(method, content)}"

    def call(
        self,
        method: str,
        content: Mapping[str, Any],
        *,
        missing: tuple[str, ...] = (),
        notified: bool = False,
    ) -> Any:
        """A signed answer; codes in `missing` mean that there is no such thing (None).

        Raises GatewayError with Alipay's sub code, GatewayDownError where no answer came that can
        be believed.
        """
        words = {"notify_url": self.notify_url} if notified else {}
        try:
            answer = self._pay.server_api(method, dict(content), **words)
        except AliPayException as error:
            # Refused before it was read: unsigned, so nothing to believe.
            raise GatewayDownError("unsigned_answer") from error
        except (requests.RequestException, AliPayValidationError, ValueError) as error:
            raise GatewayDownError(type(error).__name__) from error
        code, more = str(answer.get("code", "")), str(answer.get("sub_code", ""))
        if code == "10000":
            return answer
        if code in _DOWN or more in _DOWN_MORE:
            raise GatewayDownError(more or code)
        if more in missing:
            return None
        raise GatewayError((more or code)[:60])

    def verify(self, data: Mapping[str, str]) -> bool:
        """Whether the notice is signed by Alipay; the mapping stays as it is."""
        given = {name: value for name, value in data.items() if name != "sign"}
        try:
            return bool(self._pay.verify(given, data.get("sign", "")))
        except (AliPayException, ValueError, TypeError):  # another kind of key, no base64
            return False

    def download(self, address: str) -> bytes:
        """A bill's file. Its address comes in a signed answer; it must lie where Alipay does."""
        refuse_remote("The payment gateway alipay", address.split("?")[0])
        try:
            answer = requests.get(
                address,
                timeout=TIMEOUT_S,
                proxies=NO_PROXY,  # type: ignore[arg-type]
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise GatewayDownError(type(error).__name__) from error
        if answer.status_code != 200 or len(answer.content) > LARGEST_ANSWER:
            raise GatewayDownError(f"bill {answer.status_code}")
        return answer.content


def form(body: bytes) -> dict[str, str]:
    """A notice's form; GatewayError for one that holds a name twice or is no text."""
    from urllib.parse import parse_qsl

    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=100
        )
    except ValueError as error:
        raise GatewayError("malformed_notice") from error
    found = dict(pairs)
    if len(found) != len(pairs):
        raise GatewayError("malformed_notice")
    return found


def _by_key(config: AlipayConfig) -> Any:
    return _ByKey(
        appid=config.appid,
        app_private_key_string=config.private_key,
        alipay_public_key_string=config.public_key,
    )


def _by_certificate(config: AlipayConfig) -> Any:
    # The library takes the root's certificates apart at blank lines.
    roots = "\n\n".join(_CERTIFICATE.findall(config.root_certificate))
    return _ByCertificate(
        appid=config.appid,
        app_private_key_string=config.private_key,
        app_public_key_cert_string=config.app_certificate,
        alipay_public_key_cert_string=config.alipay_certificate,
        alipay_root_cert_string=roots,
    )
