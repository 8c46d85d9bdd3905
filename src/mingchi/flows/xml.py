"""XML of strangers, read by expat with line numbers and nothing that XML can do by itself.

No DTD, no entity beyond the five of XML, no outside reference, at most MOST_BYTES bytes and
DEEPEST levels. Namespaces are resolved; a name is (namespace, local name).
"""

from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

MOST_BYTES: Final = 256 * 1024
DEEPEST: Final = 60
_SEPARATOR: Final = "\x1f"

Name = tuple[str, str]


class UnreadableError(Exception):
    """A file that is no XML we read. `line` is 1-based, 0 where there is none."""

    def __init__(self, code: str, message: str, line: int = 0) -> None:
        self.code = code
        self.line = line
        super().__init__(message)


@dataclass(slots=True)
class Element:
    """An element with its children and its text, joined."""

    name: Name
    attributes: dict[Name, str]
    line: int
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    def get(self, local: str, namespace: str = "") -> str | None:
        """An attribute; without namespace as the standard's own attributes are."""
        return self.attributes.get((namespace, local))


def parse(data: bytes) -> Element:
    """The root element. Raises UnreadableError: too big, no XML, a DTD, an unknown encoding."""
    if len(data) > MOST_BYTES:
        raise UnreadableError("too-big", f"the file is larger than 256 KB ({MOST_BYTES} bytes)")
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise UnreadableError("not-xml", f"not XML: {reason}", error.lineno) from None
    except (ValueError, LookupError) as error:  # an encoding that Python does not take either
        raise UnreadableError("not-xml", f"not XML: {error}", reader.line) from None
    assert reader.root is not None, "expat found no element and said nothing"
    return reader.root


class _Reader:
    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self.parser = parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.ExternalEntityRefHandler = self._entity
        parser.SkippedEntityHandler = self._entity
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    @property
    def line(self) -> int:
        return int(self.parser.CurrentLineNumber)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= DEEPEST:
            raise UnreadableError("too-deep", f"more than {DEEPEST} levels of elements", self.line)
        named = {_name(key): value for key, value in attributes.items()}
        element = Element(_name(name), named, self.line)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, name: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1].text += text

    def _doctype(self, *_: object) -> None:
        raise UnreadableError("dtd", "a DTD is not read; take the DOCTYPE out", self.line)

    def _entity(self, *_: object) -> int:
        raise UnreadableError("entity", "entities are not read", self.line)


def _name(joined: str) -> Name:
    namespace, _, local = joined.rpartition(_SEPARATOR)
    return namespace, local
