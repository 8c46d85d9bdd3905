"""What a gateway must be told before it can be used: plain data, filled by `config.gateways`."""

import re
from dataclasses import dataclass, field
from typing import Final

from django.core.exceptions import ImproperlyConfigured

# Strictly: no user, no name that a name server could point elsewhere, nothing to parse twice.
_LOOPBACK: Final = re.compile(
    r"https?://(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d{1,5})?(/[\w.-]+)*/?", re.ASCII
)
# Where the libraries would go by themselves, were they told no other address.
WECHAT_ADDRESS: Final = "https://api.mch.weixin.qq.com"
ALIPAY_ADDRESS: Final = "https://openapi.alipay.com/gateway.do"
TIMEOUT_S: Final = (3, 10)  # to connect, to be answered
# Straight to the address, whatever the environment says of proxies.
NO_PROXY: Final = {"http": None, "https": None, "all": None}


def is_loopback(address: str) -> bool:
    """Whether the address can't leave this machine."""
    return _LOOPBACK.fullmatch(address) is not None


def refuse_remote(gateway: str, address: str) -> None:
    """Raise ImproperlyConfigured for an address beyond this machine: no real money moves before
    the checks of live mode exist."""
    if not is_loopback(address):
        raise ImproperlyConfigured(
            f"The payment gateway {gateway} at {address} is refused: only addresses of this "
            "machine (127.0.0.1) are taken until the checks that live payments need are built"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WechatConfig:
    """A merchant at WeChat Pay, API v3. Keys and certificates are PEM text.

    Either `public_key` with its id (微信支付公钥, what new merchants get) or the
    `platform_certificates` (平台证书), the next one beside the present one while they change.
    """

    address: str
    public_url: str
    mchid: str
    appid: str
    mini_appid: str = ""
    cert_serial: str
    private_key: str = field(repr=False)
    api_key: str = field(repr=False)
    public_key: str = ""
    public_key_id: str = ""
    platform_certificates: str = ""
    transfer_scene: str = ""

    code = "wechat"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlipayConfig:
    """An application at Alipay. Either `public_key`, or three certificates: transfers to people
    need these."""

    address: str
    public_url: str
    appid: str
    seller_id: str
    private_key: str = field(repr=False)
    public_key: str = ""
    app_certificate: str = ""
    alipay_certificate: str = ""
    root_certificate: str = ""

    code = "alipay"


GatewayConfig = WechatConfig | AlipayConfig
