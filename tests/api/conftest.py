from collections.abc import Iterator

import pytest
from django.core.cache import cache
from pytest_django import Settings
from tests.usecases.shop import sku

from mingchi.catalogue.models import Sku
from mingchi.merchants.models import Merchant
from mingchi.usecases.open_platform import open_platform


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> Iterator[None]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    yield
    cache.clear()


@pytest.fixture
def merchant(db: None) -> Merchant:
    return Merchant.objects.get(pk=open_platform().merchant_id)


@pytest.fixture
def article(merchant: Merchant) -> Sku:
    """An article of 1000.00 yuan."""
    return sku(merchant)
