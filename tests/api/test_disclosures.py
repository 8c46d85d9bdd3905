"""What somebody was told before they joined is kept, and asked again as it changes."""

from dataclasses import replace
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from tests.api.clients import Api, joined, newcomer, staff

from mingchi.config.environment import ROOT
from mingchi.foundation import clock
from mingchi.members import disclosures
from mingchi.members.models import Consent, Disclosure, Member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("merchant")]


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """The text is another one from now on."""

    def change() -> None:
        before = {each: disclosures.joining(each) for each in disclosures.LANGUAGES}
        monkeypatch.setattr(
            disclosures,
            "_joining",
            lambda language: replace(before[language], text="new", digest=f"{len(language):064x}"),
        )

    return change


@pytest.mark.parametrize(
    ("asked", "language"),
    [("zh-hans", "zh-hans"), ("zh", "zh-hans"), ("en-gb", "en"), ("fr", "zh-hans")],
)
def test_in_the_readers_language(asked: str, language: str) -> None:
    found = disclosures.joining(asked)
    assert (found.language, len(found.digest)) == (language, 64)
    assert len(found.text.splitlines()) == 2


@pytest.mark.parametrize("language", disclosures.LANGUAGES)
def test_the_storefront_says_the_same_elsewhere(language: str) -> None:
    words = Path(ROOT, "web/storefront/src/i18n/words/money.ts").read_text(encoding="utf-8")
    for line in disclosures.joining(language).text.splitlines():
        assert f'"{line}"' in words


def test_which_text_in_which_language_when() -> None:
    shown = Api(language="en").get("/members/disclosure").body
    assert "no deposit" in shown["text"]
    member_id = Api().post("/members/join", newcomer(disclosure=shown["digest"])).body["member_id"]
    consent = Consent.objects.select_related("disclosure").get()
    member = Member.objects.get(pk=member_id)
    assert (consent.member_id, consent.agreed_at) == (member_id, member.joined_at)
    assert (consent.disclosure.language, consent.disclosure.text) == ("en", shown["text"])
    (seen,) = staff("service").get(f"/staff/members/{member_id}").body["consents"]
    assert (seen["digest"], seen["language"]) == (shown["digest"], "en")


def test_nobody_joins_untold() -> None:
    body = newcomer()
    del body["disclosure"]
    old = Api(language="en").post("/members/join", body)
    assert (old.status, old.code, old.error["field"]) == (422, "disclosure_unseen", "disclosure")
    assert old.error["details"]["disclosure"] == Api().get("/members/disclosure").body
    assert "digest" in old.error["message"]
    other = Api().post("/members/join", newcomer(disclosure="ab" * 32))
    assert (other.status, other.code) == (409, "disclosure_changed")
    again = newcomer(disclosure=other.error["details"]["disclosure"]["digest"])
    assert Api().post("/members/join", again).status == 201
    assert Member.objects.count() == Consent.objects.count() == 1


def test_asked_again_where_the_text_changed(changed) -> None:  # type: ignore[no-untyped-def]
    api = joined()
    assert api.get("/members/me").body["unread_disclosure"] is None
    former = disclosures.joining().digest
    changed()
    unread = api.get("/members/me").body["unread_disclosure"]
    assert unread["text"] == "new"
    late = api.post("/members/me/consents", {"disclosure": former})
    assert (late.status, late.code) == (409, "disclosure_changed")
    for _ in range(2):
        assert api.post("/members/me/consents", {"disclosure": unread["digest"]}).status == 200
    assert api.get("/members/me").body["unread_disclosure"] is None
    assert (Consent.objects.count(), Disclosure.objects.count()) == (2, 2)


CHANGES = [(Consent, {"agreed_at": clock.now()}), (Disclosure, {"text": "another"})]


@pytest.mark.parametrize(("kind", "change"), CHANGES, ids=["consent", "disclosure"])
def test_what_was_read_stays(kind: type[Consent | Disclosure], change: dict[str, object]) -> None:
    joined()
    rows = kind.objects.all()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        rows.update(**change)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        rows._raw_delete("default")
    assert rows.count() == 1
