"""No phone number where it need not be."""

import json
import logging

import pytest
import structlog

from mingchi.foundation import context, logs, masking

TEXTS = [
    ("13800001234", "138****1234"),
    ("call 13800001234!", "call 138****1234!"),
    ("+8613800001234", "+86138****1234"),
    ("phone=13800001234&x=1", "phone=138****1234&x=1"),
    ("138000012345", "138000012345"),
    ("m13800001234", "m13800001234"),
    ("12345678901", "12345678901"),
    ("两个：13800001234，19912345678", "两个：138****1234，199****5678"),
]


@pytest.mark.parametrize(("plain", "masked"), TEXTS)
def test_text(plain: str, masked: str) -> None:
    assert masking.text(plain) == masked


@pytest.mark.parametrize(
    ("plain", "masked"),
    [("13800001234", "138****1234"), ("+8613800001234", "+86138****1234"), ("1234", "**34")],
)
def test_phone(plain: str, masked: str) -> None:
    assert masking.phone(plain) == masked


def line(record: logging.LogRecord) -> dict[str, object]:
    parsed: dict[str, object] = json.loads(logs.formatter().format(record))
    return parsed


def test_a_log_line_is_json_masked_and_names_the_request() -> None:
    seen: list[str] = []
    handler = logging.Handler()
    handler.setFormatter(logs.formatter())
    handler.emit = lambda record: seen.append(handler.format(record))  # type: ignore[method-assign]
    logger = logging.getLogger("test.masking")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    with context.bound(request_id="request-1"):
        structlog.get_logger("test.masking").info(
            "joined", phone="13800001234", body={"list": ["+8613800001234"]}
        )
        logger.info("from the library: %s", "13800001234")
        try:
            raise ValueError("no such member: 13800001234")
        except ValueError:
            structlog.get_logger("test.masking").exception("failed")
    lines = [json.loads(text) for text in seen]
    assert [entry["request_id"] for entry in lines] == ["request-1"] * 3
    assert "13800001234" not in "".join(seen)
    assert lines[0]["phone"] == "138****1234"
    assert lines[0]["body"] == {"list": ["+86138****1234"]}
    assert "138****1234" in lines[2]["exception"]


def test_amounts_that_look_like_phones_stay() -> None:
    assert masking.anything({"amount_fen": 13800001234, "phone": 13800001234}) == {
        "amount_fen": 13800001234,
        "phone": "138****1234",
    }
