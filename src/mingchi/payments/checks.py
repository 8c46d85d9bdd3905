"""Django's system checks of the gateways: once more what the environment's reader refuses, for
settings that came another way, and certificates that soon end."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from mingchi.foundation.outside import is_loopback
from mingchi.payments.configuration import WechatConfig

SOON: Final = timedelta(days=30)


@register()
def check_gateways(**_: Any) -> list[CheckMessage]:
    """Errors for gateways beyond this machine, warnings for certificates in their last days."""
    found: list[CheckMessage] = []
    for code, config in settings.GATEWAYS.items():
        if not is_loopback(config.address):
            found.append(
                Error(
                    f"The payment gateway {code} at {config.address} is not of this machine.",
                    hint="No real money moves before the checks of live mode exist.",
                    id="payments.E001",
                )
            )
        if isinstance(config, WechatConfig):
            found += _ending(config)
    return found


def _ending(config: WechatConfig) -> list[CheckMessage]:
    from mingchi.payments.wechat_client import read_certificates

    certificates = read_certificates(config.platform_certificates)
    last = max((each.not_valid_after_utc for each in certificates), default=None)
    if last is None or last > datetime.now(UTC) + SOON:
        return []
    return [
        Warning(
            f"The last platform certificate of WeChat Pay ends at {last:%Y-%m-%d}.",
            hint="Put the next one beside it in MINGCHI_WECHAT_PLATFORM_CERTIFICATES.",
            id="payments.W001",
        )
    ]
