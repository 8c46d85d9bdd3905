"""Our apps at WeChat, by which members sign in, from the environment; secrets from nowhere else."""

import os

from django.core.exceptions import ImproperlyConfigured

from mingchi.config import environment
from mingchi.foundation.outside import refuse_remote
from mingchi.members.wechat_client import ADDRESS, OPEN_ADDRESS, WechatSignIn

SECRETS = ("MINGCHI_WECHAT_SECRET", "MINGCHI_WECHAT_MINI_SECRET")
NAMES = (*SECRETS, "MINGCHI_WECHAT_SIGN_IN_ADDRESS", "MINGCHI_WECHAT_OPEN_ADDRESS")
"""What signing in alone needs; the ids of the apps are WeChat Pay's too."""


def configured() -> WechatSignIn | None:
    """The apps that the environment names, None for none.

    Raises ImproperlyConfigured for a secret without its app's id, addresses without a secret, an
    address (WeChat's own where none is named) that is not of this machine, and in live mode.
    """
    if not any(_text(name) for name in NAMES):
        return None
    if not any(_text(name) for name in SECRETS):
        raise ImproperlyConfigured(f"Signing in by WeChat needs one of {', '.join(SECRETS)}")
    for secret in SECRETS:
        app_id = secret.replace("SECRET", "APPID")
        if _text(secret) and not _text(app_id):
            raise ImproperlyConfigured(f"{secret} needs {app_id}")
    found = WechatSignIn(
        address=_text("MINGCHI_WECHAT_SIGN_IN_ADDRESS") or ADDRESS,
        open_address=_text("MINGCHI_WECHAT_OPEN_ADDRESS") or OPEN_ADDRESS,
        appid=_text("MINGCHI_WECHAT_APPID"),
        secret=_text("MINGCHI_WECHAT_SECRET"),
        mini_appid=_text("MINGCHI_WECHAT_MINI_APPID"),
        mini_secret=_text("MINGCHI_WECHAT_MINI_SECRET"),
    )
    for address in (found.address, found.open_address):
        refuse_remote("WeChat", address)
    if environment.mode() == environment.LIVE:
        raise ImproperlyConfigured(
            "Signing in by WeChat is refused: live mode calls nobody until the checks that live "
            "payments need are built"
        )
    return found


def _text(name: str) -> str:
    return os.environ.get(name, "").strip()
