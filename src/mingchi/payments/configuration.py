"""What a gateway must be told before it can be used: plain data, filled by `config.gateways`."""

from dataclasses import dataclass, field
from typing import Final

# Where the libraries would go by themselves, were they told no other address.
WECHAT_ADDRESS: Final = "https://api.mch.weixin.qq.com"
ALIPAY_ADDRESS: Final = "https://openapi.alipay.com/gateway.do"


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
