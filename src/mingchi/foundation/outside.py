"""How we call others: straight to addresses of this machine, and never for long."""

import re
from typing import Final

from django.core.exceptions import ImproperlyConfigured

# Strictly: no user, no name that a name server could point elsewhere, nothing to parse twice.
_LOOPBACK: Final = re.compile(
    r"https?://(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d{1,5})?(/[\w.-]+)*/?", re.ASCII
)
TIMEOUT_S: Final = (3, 10)  # to connect, to be answered
# Straight to the address, whatever the environment says of proxies.
NO_PROXY: Final = {"http": None, "https": None, "all": None}


def is_loopback(address: str) -> bool:
    """Whether the address can't leave this machine."""
    return _LOOPBACK.fullmatch(address) is not None


def refuse_remote(who: str, address: str) -> None:
    """Raise ImproperlyConfigured for an address beyond this machine: nothing of ours goes to who
    stands there before the checks of live mode exist."""
    if not is_loopback(address):
        raise ImproperlyConfigured(
            f"{who} at {address} is refused: only addresses of this machine (127.0.0.1) are taken "
            "until the checks that live payments need are built"
        )
