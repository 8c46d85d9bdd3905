"""Every message of ours, and Unfold's, is translated; the compiled file is what the text says."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from django.utils import translation

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages", ROOT / "script" / "messages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["messages"] = module
    spec.loader.exec_module(module)
    return module


def test_nothing_is_missing_fuzzy_or_left_over(messages: ModuleType) -> None:
    assert messages.faults() == []


def test_messages_in_f_strings_would_be_overlooked() -> None:
    hidden = re.compile(r"""f["'][^"'\n]*\{_\(""")
    found = [
        str(path)
        for path in (ROOT / "src" / "mingchi").rglob("*.py")
        if hidden.search(path.read_text())
    ]
    assert found == []


def test_templates_are_read(messages: ModuleType, tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text(
        "{% translate 'one' %}{% trans \"two\" context \"c\" %}{{ x|default:_('three') }}"
        "{% blocktranslate trimmed %}\n four\n  {{ n }}\n{% endblocktranslate %}"
        "{% blocktrans count n=n %}a{% plural %}b{% endblocktrans %}"
    )
    assert set(messages._of_template(page)) == {
        (None, "one"),
        ("c", "two"),
        (None, "three"),
        (None, "four %(n)s"),
        (None, ("a", "b")),
    }


def test_the_first_language_is_chinese() -> None:
    from django.conf import settings

    assert settings.LANGUAGE_CODE == "zh-hans"
    with translation.override("zh-hans"):
        assert translation.gettext("Latest orders") == "最新订单"
    with translation.override("en"):
        assert translation.gettext("Latest orders") == "Latest orders"
