"""The system checks of gateways that came into the settings another way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.test import override_settings
from tests.fakes import serving
from tests.fakes.wechat import FakeWechat

from mingchi.payments.checks import check_gateways


def ids(**change: str) -> list[str | None]:
    fake = FakeWechat(by="certificates" if "platform_certificates" in change else "key")
    fake.close()
    with override_settings(GATEWAYS={"wechat": replace(fake.config(), **change)}):
        return [each.id for each in check_gateways()]


def ending(days: int) -> str:
    today = datetime.now(UTC)
    made = serving.certificate(
        serving.key("wechat"), "wechat", days=days + 10, since=today - timedelta(days=10)
    )
    return serving.certificate_pem(made)


def test_addresses() -> None:
    assert ids() == []
    assert ids(address="https://api.mch.weixin.qq.com") == ["payments.E001"]


def test_certificates_in_their_last_days() -> None:
    assert ids(platform_certificates=ending(60)) == []
    assert ids(platform_certificates=ending(5)) == ["payments.W001"]
    assert ids(platform_certificates=ending(5) + ending(60)) == []
