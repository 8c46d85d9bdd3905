"""Payment gateways from the environment: all of one or nothing of it; secrets from nowhere else."""

import os

from django.core.exceptions import ImproperlyConfigured

from mingchi.config import environment, wechat_sign_in
from mingchi.foundation.outside import refuse_remote
from mingchi.payments.configuration import (
    ALIPAY_ADDRESS,
    WECHAT_ADDRESS,
    AlipayConfig,
    GatewayConfig,
    WechatConfig,
)

_WECHAT_NEEDS = (
    "MINGCHI_WECHAT_MCHID",
    "MINGCHI_WECHAT_APPID",
    "MINGCHI_WECHAT_CERT_SERIAL",
    "MINGCHI_WECHAT_PRIVATE_KEY",
    "MINGCHI_WECHAT_API_KEY",
)
_WECHAT_KEY = ("MINGCHI_WECHAT_PUBLIC_KEY", "MINGCHI_WECHAT_PUBLIC_KEY_ID")
_WECHAT_CERTIFICATES = ("MINGCHI_WECHAT_PLATFORM_CERTIFICATES",)
_ALIPAY_NEEDS = (
    "MINGCHI_ALIPAY_APPID",
    "MINGCHI_ALIPAY_SELLER_ID",
    "MINGCHI_ALIPAY_PRIVATE_KEY",
)
_ALIPAY_KEY = ("MINGCHI_ALIPAY_PUBLIC_KEY",)
_ALIPAY_CERTIFICATES = (
    "MINGCHI_ALIPAY_APP_CERTIFICATE",
    "MINGCHI_ALIPAY_CERTIFICATE",
    "MINGCHI_ALIPAY_ROOT_CERTIFICATE",
)


def configured() -> dict[str, GatewayConfig]:
    """The gateways that the environment names, by code.

    Raises ImproperlyConfigured for one that is half configured, whose address (the library's own
    where none is named) is not of this machine, and for any in live mode.
    """
    found: list[GatewayConfig] = []
    if _any("MINGCHI_WECHAT_", but=_of_sign_in()):
        found.append(_wechat())
    if _any("MINGCHI_ALIPAY_"):
        found.append(_alipay())
    for config in found:
        refuse_remote(f"The payment gateway {config.code}", config.address)
        if environment.mode() == environment.LIVE:
            raise ImproperlyConfigured(
                f"The payment gateway {config.code} is refused: live mode takes none until the "
                "checks that live payments need are built"
            )
    return {config.code: config for config in found}


def _wechat() -> WechatConfig:
    _all_of("WeChat Pay", _WECHAT_NEEDS)
    _one_of("WeChat Pay", _WECHAT_KEY, _WECHAT_CERTIFICATES)
    api_key = _text("MINGCHI_WECHAT_API_KEY")
    if len(api_key.encode()) != 32:
        raise ImproperlyConfigured("MINGCHI_WECHAT_API_KEY must be 32 characters long")
    return WechatConfig(
        address=_text("MINGCHI_WECHAT_ADDRESS") or WECHAT_ADDRESS,
        public_url=_public_url(),
        mchid=_text("MINGCHI_WECHAT_MCHID"),
        appid=_text("MINGCHI_WECHAT_APPID"),
        mini_appid=_text("MINGCHI_WECHAT_MINI_APPID"),
        cert_serial=_text("MINGCHI_WECHAT_CERT_SERIAL"),
        private_key=_pem("MINGCHI_WECHAT_PRIVATE_KEY"),
        api_key=api_key,
        public_key=_pem("MINGCHI_WECHAT_PUBLIC_KEY"),
        public_key_id=_text("MINGCHI_WECHAT_PUBLIC_KEY_ID"),
        platform_certificates=_pem("MINGCHI_WECHAT_PLATFORM_CERTIFICATES"),
        transfer_scene=_text("MINGCHI_WECHAT_TRANSFER_SCENE"),
    )


def _alipay() -> AlipayConfig:
    _all_of("Alipay", _ALIPAY_NEEDS)
    _one_of("Alipay", _ALIPAY_KEY, _ALIPAY_CERTIFICATES)
    return AlipayConfig(
        address=_text("MINGCHI_ALIPAY_ADDRESS") or ALIPAY_ADDRESS,
        public_url=_public_url(),
        appid=_text("MINGCHI_ALIPAY_APPID"),
        seller_id=_text("MINGCHI_ALIPAY_SELLER_ID"),
        private_key=_pem("MINGCHI_ALIPAY_PRIVATE_KEY"),
        public_key=_pem("MINGCHI_ALIPAY_PUBLIC_KEY"),
        app_certificate=_pem("MINGCHI_ALIPAY_APP_CERTIFICATE"),
        alipay_certificate=_pem("MINGCHI_ALIPAY_CERTIFICATE"),
        root_certificate=_pem("MINGCHI_ALIPAY_ROOT_CERTIFICATE"),
    )


def _public_url() -> str:
    """Where gateways reach us: the notices' address begins with it."""
    url = _text("MINGCHI_PUBLIC_URL").rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise ImproperlyConfigured(
            "MINGCHI_PUBLIC_URL must say where payment gateways reach this platform: "
            "https://shop.example"
        )
    return url


def _of_sign_in() -> tuple[str, ...]:
    """The variables of WeChat that say nothing of payments: an app's id beside its secret may
    stand for signing in alone."""
    secrets = [name for name in wechat_sign_in.SECRETS if _text(name)]
    return (*wechat_sign_in.NAMES, *(name.replace("SECRET", "APPID") for name in secrets))


def _any(prefix: str, *, but: tuple[str, ...] = ()) -> bool:
    return any(
        name.startswith(prefix) and value and name not in but for name, value in os.environ.items()
    )


def _all_of(gateway: str, names: tuple[str, ...]) -> None:
    missing = [name for name in names if not _text(name)]
    if missing:
        raise ImproperlyConfigured(f"{gateway} is half configured: {', '.join(missing)} missing")


def _one_of(gateway: str, *groups: tuple[str, ...]) -> None:
    """Exactly one group is there, and all of it."""
    begun = [group for group in groups if any(_text(name) for name in group)]
    if len(begun) != 1:
        choice = ", or ".join(" with ".join(group) for group in groups)
        raise ImproperlyConfigured(f"{gateway} needs one of these, and not both: {choice}")
    _all_of(gateway, begun[0])


def _text(name: str) -> str:
    return os.environ.get(name, "").strip()


def _pem(name: str) -> str:
    r"""PEM text; `\n` may stand for a line's end, as not every process manager takes lines."""
    return _text(name).replace("\\n", "\n").strip()
