"""What somebody must be told before they join, and that they were.

The texts stand in files; another text, in any language, is another version, named by its digest.
Members who have seen no version in force are asked again.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from mingchi.foundation.errors import ConflictError, DomainError
from mingchi.members.models import Consent, Disclosure, Member

LANGUAGES: Final = ("zh-hans", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text in one language; `digest` is its version."""

    language: str
    text: str
    digest: str


def joining(language: str | None = None) -> Text:
    """What is told at joining, in this language, or the reader's; the platform's where there is
    none in it."""
    wanted = (language or get_language() or settings.LANGUAGE_CODE).lower()
    found = next((each for each in LANGUAGES if wanted.startswith(each.split("-")[0])), None)
    return _joining(found or settings.LANGUAGE_CODE)


@cache
def _joining(language: str) -> Text:
    file = files("mingchi.members").joinpath(f"texts/joining.{language}.txt")
    text = file.read_text(encoding="utf-8").strip()
    digest = hashlib.sha256(f"{language}\n{text}".encode()).hexdigest()
    return Text(language=language, text=text, digest=digest)


def seen(digest: str) -> Text:
    """The text in force that somebody says they were shown.

    Raises `disclosure_unseen` 422 where they name none, `disclosure_changed` 409 where it is in
    force no more; both have the text in `details.disclosure`.
    """
    for language in LANGUAGES:
        if digest == _joining(language).digest:
            return _joining(language)
    now = joining()
    details = {"disclosure": {"language": now.language, "text": now.text, "digest": now.digest}}
    if digest:
        raise ConflictError(
            "disclosure_changed",
            _("What you must know has changed. Please read it again."),
            field="disclosure",
            details=details,
        )
    raise DomainError(
        "disclosure_unseen",
        _("Show what must be known before joining, and send its digest as `disclosure`."),
        field="disclosure",
        status=422,
        details=details,
    )


def consent(member: Member, text: Text, *, now: datetime) -> None:
    """Write down that the member has seen this text, for good."""
    kept = Disclosure(digest=text.digest, language=text.language, text=text.text)
    Disclosure.objects.bulk_create([kept], ignore_conflicts=True)
    Consent.objects.create(member=member, disclosure_id=text.digest, agreed_at=now)


def unseen(member_id: int) -> Text | None:
    """What the member is to be asked, in the reader's language; None where they have seen a text
    in force, in whatever language."""
    in_force = [_joining(language).digest for language in LANGUAGES]
    has_seen = Consent.objects.filter(member=member_id, disclosure__in=in_force).exists()
    return None if has_seen else joining()
