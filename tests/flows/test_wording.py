"""Every kind of finding has its words, and no words are left over."""

import re
from pathlib import Path

import mingchi.flows
from mingchi.flows.context import OBLIGATIONS
from mingchi.flows.wording import TITLES

CODE = re.compile(r'(?:Finding|find|_find|fault|UnreadableError)\(\s*\n?\s*"([a-z]+(?:-[a-z]+)+)"')
OTHERS = re.compile(r'"((?:attached|crosses|dangling|deadlock|doubled|dtd|endless|entity))"')


def test_every_finding_has_words_in_both_languages() -> None:
    folder = Path(mingchi.flows.__file__).parent
    texts = [x.read_text() for x in sorted(folder.glob("*.py")) if x.name != "wording.py"]
    codes = {code for text in texts for code in (*CODE.findall(text), *OTHERS.findall(text))}
    codes |= {f"not-{obligation.given}-settled" for obligation in OBLIGATIONS}
    assert codes == TITLES.keys()
    for chinese, english in TITLES.values():
        assert re.search("[\u4e00-\u9fff]", chinese)
        assert english.isascii()
