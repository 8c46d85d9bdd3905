"""Personal data, shortened before anybody sees it who need not."""

import re
from typing import Any

# A Chinese mobile number, with or without country code, not inside a longer word or number.
_PHONE = re.compile(r"(?<![0-9A-Za-z])((?:\+?86[- ]?)?1[3-9]\d)\d{4}(\d{4})(?![0-9A-Za-z])")
# Who somebody is at WeChat, by the names that log lines give it.
_IDS = frozenset({"openid", "unionid"})


def phone(number: str) -> str:
    """`13800001234` → `138****1234`; of anything too short only the last two stay."""
    if len(number) < 11:
        return "*" * max(0, len(number) - 2) + number[-2:]
    return f"{number[:-8]}****{number[-4:]}"


def name(called: str) -> str:
    """`张三丰` → `张***`: what strangers may see of somebody's name."""
    return f"{called.strip()[:1]}***"


def openid(given: str) -> str:
    """`oUpF8uMuAJO_M2pxb1Q9zNjWeS6o` → `oUpF****eS6o`; of anything short nothing stays."""
    return f"{given[:4]}****{given[-4:]}" if len(given) >= 16 else "****"


def text(value: str) -> str:
    """The text with every mobile number in it masked."""
    return _PHONE.sub(r"\1****\2", value)


def anything(value: Any, *, name: str = "") -> Any:
    """The same for whatever a log line may hold, through lists and dicts."""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    if name in _IDS and isinstance(value, str):
        return openid(value)
    if value is None or isinstance(value, bool | int | float):
        return phone(str(value)) if name == "phone" and value else value
    if isinstance(value, dict):
        return {key: anything(item, name=str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [anything(item, name=name) for item in value]
    return phone(str(value)) if name == "phone" else text(str(value))
