"""Only so many tries."""

import time

import pytest

from mingchi.foundation import rate_limit
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import RateWindow

pytestmark = pytest.mark.django_db


def hit(*, key: str = "13800001234", window_s: int = 60) -> None:
    rate_limit.hit(name="login", key=key, limit=3, window_s=window_s)


def test_the_fourth_try_is_refused() -> None:
    for _ in range(3):
        hit()
    with pytest.raises(DomainError) as refusal:
        hit()
    assert refusal.value.status == 429
    assert 1 <= refusal.value.details["retry_after_s"] <= 60
    hit(key="13900001234")


def test_a_new_window_forgets() -> None:
    for _ in range(3):
        hit(window_s=1)
    time.sleep(1.05)
    hit(window_s=1)


def test_no_phone_number_is_kept() -> None:
    hit()
    assert "13800001234" not in str(RateWindow.objects.values_list())
