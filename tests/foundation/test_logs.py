"""Where log lines go."""

import io
import json
import logging.config
from contextlib import redirect_stderr

import pytest

from mingchi.foundation import logs


def test_lines_go_to_standard_error_as_it_is_now(capsys: pytest.CaptureFixture[str]) -> None:
    """A command that was run inside a program, its output taken aside, set logging up anew."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    aside = io.StringIO()
    try:
        with redirect_stderr(aside):
            logging.config.dictConfig(logs.django_logging())
        aside.close()
        logging.getLogger("mingchi.test").info("after that")
    finally:
        root.handlers[:], root.level = before
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "after that"
