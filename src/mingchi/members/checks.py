"""Django's system check of signing in by WeChat: once more what the environment's reader refuses,
for settings that came another way."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from mingchi.foundation.outside import is_loopback
from mingchi.members.wechat_client import WechatSignIn


@register()
def check_wechat(**_: Any) -> list[CheckMessage]:
    """Errors for addresses beyond this machine."""
    config: WechatSignIn | None = settings.WECHAT_SIGN_IN
    if config is None:
        return []
    return [
        Error(
            f"Signing in by WeChat at {address} leaves this machine.",
            hint="Nobody outside is called before the checks of live mode exist.",
            id="members.E001",
        )
        for address in (config.address, config.open_address)
        if not is_loopback(address)
    ]
