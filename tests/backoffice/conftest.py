from collections.abc import Callable, Iterator

import pytest
from django.test import Client, override_settings
from pytest_django import DjangoDbBlocker, Settings
from tests import demo_shop
from tests.usecases.shop import Shop, staff

from mingchi.foundation.models import User
from mingchi.merchants.models import Merchant
from mingchi.usecases.open_platform import open_platform

SignIn = Callable[[User], Client]


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with demo_shop.loaded(django_db_blocker):
        yield


@pytest.fixture(autouse=True)
def _plain(settings: Settings) -> Iterator[None]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(STORAGES=demo_shop.STORAGES):
        yield


@pytest.fixture
def shop(db: None) -> Shop:
    opened = open_platform()
    return Shop(
        merchant=Merchant.objects.get(pk=opened.merchant_id),
        owner=staff("owner"),
        finance=staff("finance"),
    )


@pytest.fixture
def sign_in() -> SignIn:
    def client(user: User) -> Client:
        browser = Client(headers={"accept-language": "en"})
        browser.force_login(user)
        return browser

    return client
