import pytest
from pytest_django import Settings
from tests.usecases.shop import Shop, staff

from mingchi.merchants.models import Merchant
from mingchi.usecases.open_platform import open_platform


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def shop(db: None) -> Shop:
    opened = open_platform()
    return Shop(
        merchant=Merchant.objects.get(pk=opened.merchant_id),
        owner=staff("owner"),
        finance=staff("finance"),
    )
