"""Search without a dictionary: Chinese is cut into pairs of characters, so that any part of a title
is found; Latin words are found by their beginning, and Chinese by its pinyin or its initials.

A document is the text of a `tsvector`, a query that of a `tsquery`. Weight A is the title, B brand
and category, C search words and pinyin.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

_CHINESE: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_RUNS: Final = re.compile(rf"(?P<chinese>[{_CHINESE}]+)|[^\W_{_CHINESE}]+")
LONGEST_QUERY: Final = 60
_MOST_TERMS: Final = 40
_LONGEST_TERM: Final = 100
_PINYIN_RUN: Final = 12


def fold(text: str) -> str:
    """One way of writing: full width is half width, capitals are small, blanks are one."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded.split())


def document(*, title: str, about: Iterable[str] = (), keywords: str = "") -> str:
    """The terms of a product as `tsvector` text; `about` are brand and categories."""
    weights: dict[str, str] = {}
    for weight, terms in (
        ("A", _terms(title)),
        ("B", (term for text in about for term in _terms(text))),
        ("C", _terms(keywords)),
        ("C", (sound for text in (title, *about) for sound in _sounds(text))),
    ):
        for term in terms:
            weights.setdefault(term, weight)
    return " ".join(f"'{term}':1{weight}" for term, weight in sorted(weights.items()))


def query(text: str, *, weight: str = "") -> str:
    """What must all be there, as `tsquery` text; empty where there is nothing to search for.

    `weight="A"` asks for the title only.
    """
    terms: list[str] = []
    for run, is_chinese in _runs(text, LONGEST_QUERY):
        if is_chinese:
            terms += [f"'{pair}'" + (f":{weight}" if weight else "") for pair in _pairs(run)]
        else:
            terms.append(f"'{run}':*{weight}")
    return " & ".join(dict.fromkeys(terms[:_MOST_TERMS]))


def initial(text: str) -> str:
    """The letter under which a name stands in an index: A to Z, or #."""
    folded = fold(text)[:1]
    sound = _pinyin(folded)[:1] if folded else []
    letter = sound[0][:1].upper() if sound and sound[0] else "#"
    return letter if "A" <= letter <= "Z" else "#"


def _runs(text: str, longest: int | None = None) -> Iterator[tuple[str, bool]]:
    """Words as they are, and Chinese between anything else; with whether it is Chinese."""
    for found in _RUNS.finditer(fold(text)[:longest]):
        is_chinese = found["chinese"] is not None
        yield (found[0] if is_chinese else found[0][:_LONGEST_TERM]), is_chinese


def _terms(text: str) -> Iterator[str]:
    """Words as they are; of Chinese every pair and every character."""
    for run, is_chinese in _runs(text):
        if is_chinese:
            yield from run
            yield from (run[at : at + 2] for at in range(len(run) - 1))
        else:
            yield run


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


def _pinyin(text: str) -> list[str]:
    """A sound for each character, by the phrases it stands in."""
    # Its phrases take a third of a second to load: only who writes products needs them.
    from pypinyin import lazy_pinyin

    return list(lazy_pinyin(text))


def _sounds(text: str) -> Iterator[str]:
    """Pinyin from each character on, whole and by initials: `longjing`, `lj`."""
    for run, is_chinese in _runs(text):
        if not is_chinese:
            continue
        sounds = [sound for sound in _pinyin(run) if sound.isascii() and sound.isalpha()]
        for at in range(len(sounds)):
            rest = sounds[at : at + _PINYIN_RUN]
            yield "".join(rest)
            if len(rest) > 1:
                yield "".join(sound[0] for sound in rest)
