"""Joining, signing in, and a tree that stands."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from tests.usecases.shop import NOW, Shop, at_once, member, staff

from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import AuditRecord
from mingchi.members import disclosures, services
from mingchi.members.models import Member, MemberToken, SponsorChange
from mingchi.rebates.models import Event
from mingchi.usecases.bind_sponsor import bind_sponsor
from mingchi.usecases.join import Joined, join
from mingchi.usecases.sign_in import sign_in, sign_out


def joined(phone: str, code: str | None = None, password: str | None = "correct horse") -> Joined:  # noqa: S107
    return join(
        phone=phone,
        password=password,
        name="Li",
        invitation_code=code,
        disclosure=disclosures.joining().digest,
        now=NOW,
    )


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("13800138000", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("+44 20 7946 0958", "+442079460958"),
        ("12345", None),
        ("13800138000x", None),
        ("１３８００１３８０００", None),
        ("+", None),
        ("", None),
    ],
)
def test_one_spelling_a_number(text: str, phone: str | None) -> None:
    if phone is not None:
        assert services.normalise_phone(text) == phone
        return
    with pytest.raises(DomainError, match="phone_invalid"):
        services.normalise_phone(text)


def test_joining_binds_the_sponsor_and_records_the_event(shop: Shop) -> None:
    root = joined("13800138000")
    code = root.invitation_code
    assert len(code) == 8
    assert set(code) <= set(services.CODE_ALPHABET)
    child = joined("13800138001", code.lower())
    assert child.sponsor_id == root.member_id
    events = Event.objects.filter(kind="member").order_by("id").values_list("payload", flat=True)
    assert list(events) == [
        f'{{"id":"m{root.member_id}","sponsor":null,"type":"member"}}',
        f'{{"id":"m{child.member_id}","sponsor":"m{root.member_id}","type":"member"}}',
    ]
    assert Member.objects.get(pk=child.member_id).masked_phone == "138****8001"
    assert "13800138001" not in str(Member.objects.get(pk=child.member_id))


@pytest.mark.parametrize(
    ("phone", "password", "code", "error"),
    [
        ("+86 13800138000", "correct horse", None, "phone_taken"),
        ("1380013800", "1234567", None, "password_weak"),
        ("1380013800", "password", None, "password_weak"),
        ("1380013800", "x" * 129, None, "password_weak"),
        ("1380013800", "correct horse", "NOBODYSC", "invitation_unknown"),
        ("abc", "correct horse", None, "phone_invalid"),
    ],
)
def test_who_cannot_join(
    shop: Shop, phone: str, password: str, code: str | None, error: str
) -> None:
    joined("13800138000")
    with pytest.raises(DomainError, match=error):
        joined(phone, code, password)
    assert Member.objects.count() == 1
    assert Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_number_at_once_is_one_member(shop: Shop) -> None:
    answers = at_once([lambda: joined("13800138000")] * 4)
    assert sum(isinstance(answer, Joined) for answer in answers) == 1
    assert {answer.code for answer in answers if isinstance(answer, DomainError)} == {"phone_taken"}
    assert Event.objects.count() == 1


def test_signing_in_and_out(shop: Shop) -> None:
    found = joined("13800138000")
    signed = sign_in(phone="+86 138 0013 8000", password="correct horse", now=NOW)
    assert signed.member_id == found.member_id
    assert not MemberToken.objects.filter(digest__contains=signed.token[:16]).exists()
    who = services.of_token(signed.token, now=NOW)
    assert who is not None
    assert who.pk == found.member_id
    assert services.of_token(signed.token + "x", now=NOW) is None
    assert services.of_token(signed.token, now=NOW + timedelta(days=30)) is None
    sign_out(token=signed.token)
    assert services.of_token(signed.token, now=NOW) is None


def test_every_failure_to_sign_in_looks_the_same(shop: Shop) -> None:
    joined("13800138000")
    joined("13800138001", password=None)
    for phone, password in (
        ("13800138000", "wrong horse"),
        ("13800138001", ""),
        ("13800138002", "correct horse"),
        ("no phone", "correct horse"),
        ("13800138000", "x" * 10_000),
    ):
        with pytest.raises(DomainError) as caught:
            sign_in(phone=phone, password=password, now=NOW)
        assert (caught.value.code, caught.value.status) == ("login_failed", 401)
    assert not MemberToken.objects.exists()


def test_the_sponsor_stands_whatever_sql_says(shop: Shop) -> None:
    root = member()
    child, other = member(root), member()
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.filter(pk=child.pk).update(sponsor=other)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE members_member SET sponsor_id = NULL WHERE id = %s", [child.pk])
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.filter(pk=other.pk).update(sponsor=root)
    Member.objects.filter(pk=child.pk).update(name="Other", sponsor=root)
    assert Member.objects.get(pk=child.pk).sponsor_id == root.pk


def test_staff_bind_anew_with_a_reason_and_are_seen(shop: Shop) -> None:
    root, other = member(), member()
    child = member(root)
    with pytest.raises(DomainError, match="text_invalid"):
        bind_sponsor(by=shop.owner, member_id=child.pk, sponsor_id=other.pk, reason=" ")
    with pytest.raises(DomainError, match="not_allowed"):
        bind_sponsor(by=staff("service"), member_id=child.pk, sponsor_id=other.pk, reason="x")
    key = bind_sponsor(by=shop.owner, member_id=child.pk, sponsor_id=other.pk, reason="typo")
    assert Member.objects.get(pk=child.pk).sponsor_id == other.pk
    assert Event.objects.get(kind="sponsor").key == f"b{key}"
    record = AuditRecord.objects.get(action="member.bind_sponsor")
    assert (record.before, record.after) == ({"sponsor_id": root.pk}, {"sponsor_id": other.pk})
    # The door is shut again in the same transaction.
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.filter(pk=child.pk).update(sponsor=root)


def test_no_loops_in_the_tree(shop: Shop) -> None:
    root = member()
    child = member(root)
    grandchild = member(child)
    for sponsor in (root, child, grandchild):
        with pytest.raises(DomainError) as caught:
            bind_sponsor(by=shop.owner, member_id=root.pk, sponsor_id=sponsor.pk, reason="x")
        assert (caught.value.code, caught.value.status) == ("sponsor_loop", 409)
    assert not SponsorChange.objects.exists()
    assert not Event.objects.filter(kind="sponsor").exists()


@pytest.mark.django_db(transaction=True)
def test_two_rebindings_at_once_make_no_loop(shop: Shop) -> None:
    one, two = member(), member()

    def bind(child: Member, sponsor: Member) -> int:
        return bind_sponsor(
            by=shop.owner, member_id=child.pk, sponsor_id=sponsor.pk, reason="at once"
        )

    answers = at_once([lambda: bind(one, two), lambda: bind(two, one)])
    assert [error.code for error in answers if isinstance(error, DomainError)] == ["sponsor_loop"]
    assert Member.objects.filter(sponsor__isnull=False).count() == 1
