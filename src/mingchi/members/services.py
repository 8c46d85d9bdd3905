"""Who a member is, and how one signs in."""

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mingchi.foundation import rows
from mingchi.foundation.errors import ConflictError, DomainError, NotFoundError
from mingchi.foundation.passwords import MAX_PASSWORD, refuse_weak
from mingchi.members.models import Member, MemberToken, SignInCode

# No 0/O, 1/I/L: codes are read aloud and typed from paper.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 8
TOKEN_DAYS = 30
CODE_DIGITS = 6
CODE_MINUTES = 10
# By hand: every request of a member asks this.
_OF_TOKEN: Final = f"""
SELECT t.id, t.last_used_at, {rows.columns(Member, "m")}
FROM members_membertoken t JOIN members_member m ON m.id = t.member_id
WHERE t.digest = %s AND t.expires_at > %s
"""  # noqa: S608 - put together of constants
_PHONE = re.compile(r"\+?[0-9]{6,15}")


def normalise_phone(text: str) -> str:
    """One spelling a number: no blanks or dashes, no +86 before a Chinese mobile number."""
    phone = re.sub(r"[\s\-()]", "", text)
    phone = re.sub(r"^(\+|00)?86(?=1[0-9]{10}$)", "", phone)
    if not phone.isascii() or not _PHONE.fullmatch(phone):
        raise DomainError("phone_invalid", _("This is no telephone number."), field="phone")
    return phone


def create(
    *,
    phone: str,
    name: str,
    password: str | None,
    sponsor: Member | None,
    joined_at: datetime,
    is_demo: bool = False,
    is_read_only: bool = False,
) -> Member:
    """A new member with an invitation code of its own; `password` None: can't sign in.

    Errors: `phone_invalid`, `password_weak`, `phone_taken` 409.
    """
    phone = normalise_phone(phone)
    if Member.objects.filter(phone=phone).exists():
        raise _phone_taken()
    try:
        with transaction.atomic():
            return Member.objects.create(
                phone=phone,
                name=name,
                password=_hashed(password),
                invitation_code=_unused_code(),
                sponsor=sponsor,
                joined_at=joined_at,
                is_demo=is_demo,
                is_read_only=is_read_only,
            )
    except IntegrityError as error:
        raise _phone_taken() from error


def by_invitation(code: str) -> Member:
    """Who invites with this code; `invitation_unknown` where nobody does."""
    code = code.strip().upper()
    readable = len(code) == CODE_LENGTH and set(code) <= set(CODE_ALPHABET)
    found = Member.objects.filter(invitation_code=code).first() if readable else None
    if found is None:
        raise DomainError(
            "invitation_unknown", _("Nobody invites with this code."), field="invitation_code"
        )
    return found


def get(member_id: int) -> Member:
    """The member, or `not_found` 404."""
    found = Member.objects.filter(pk=member_id).first()
    if found is None:
        raise NotFoundError()
    return found


def rename(member: Member, *, name: str) -> None:
    """Call a member something else."""
    Member.objects.filter(pk=member.pk).update(name=name)


def brought(member_id: int) -> QuerySet[Member]:
    """Whom a member brought, the first generation only."""
    return Member.objects.filter(sponsor_id=member_id)


def acting(member_id: int, *, held: bool = False) -> Member:
    """A member who is about to change something; an account that may only look is refused. `held`:
    one such thing of theirs at a time, until the transaction ends."""
    found = rows.find(Member, f"id = %s {'FOR NO KEY UPDATE' if held else ''}", [member_id])
    if not found:
        raise NotFoundError()
    member = found[0]
    if member.is_read_only:
        raise DomainError("read_only_account", _("This account may only look."), status=403)
    return member


def bind_sponsor(*, member: Member, sponsor: Member | None) -> None:
    """Bind anew, under the lock on the tree: one rebinding at a time, so no two make a loop.

    Raises `sponsor_loop` 409 where the sponsor is the member or stands below. Only the audited
    use case calls this; anybody else is refused by the trigger.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('mingchi.sponsor_tree'))")
        if sponsor is not None and _stands_above(above=member.pk, below=sponsor.pk):
            raise ConflictError(
                "sponsor_loop",
                _("The sponsor stands below the member in the tree."),
                field="sponsor_id",
            )
        cursor.execute("SET LOCAL mingchi.sponsor_change = 'on'")
        Member.objects.filter(pk=member.pk).update(sponsor=sponsor)
        cursor.execute("SET LOCAL mingchi.sponsor_change = 'off'")


def sign_in(*, phone: str, password: str, now: datetime) -> tuple[Member, str]:
    """The member and a fresh token; `login_failed` 401 says the same for every reason."""
    try:
        phone = normalise_phone(phone)
    except DomainError as error:
        raise _login_failed() from error
    member = Member.objects.filter(phone=phone).first()
    if len(password) > MAX_PASSWORD:
        raise _login_failed()
    if member is None:
        # An unknown number costs the same hash, so that time does not tell who is a member.
        make_password(password)
        raise _login_failed()
    if not check_password(password, member.password):
        raise _login_failed()
    return member, new_token(member, now=now)


def new_code(*, phone: str, now: datetime) -> str:
    """A code for this telephone, whoever has it; one sent before is worth nothing any more.
    Errors: `phone_invalid`."""
    phone = normalise_phone(phone)
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    SignInCode.objects.update_or_create(
        phone_digest=digest(phone),
        defaults={
            "digest": digest(f"{phone} {code}"),
            "expires_at": now + timedelta(minutes=CODE_MINUTES),
        },
    )
    return code


def sign_in_by_code(*, phone: str, code: str, now: datetime) -> tuple[Member, str]:
    """The member and a fresh token; the code is used up. `code_wrong` 401 says the same for every
    reason. Few tries only: the edge counts them."""
    phone = normalise_phone(phone)
    right = SignInCode.objects.filter(
        phone_digest=digest(phone), digest=digest(f"{phone} {code}"), expires_at__gt=now
    )
    member = Member.objects.filter(phone=phone).first()
    # Deleting decides: of two at once one finds it.
    if member is None or not right.delete()[0]:
        raise DomainError(
            "code_wrong",
            _("The code is wrong or over, or this number is no member."),
            status=401,
            field="code",
        )
    return member, new_token(member, now=now)


def of_token(token: str, *, now: datetime) -> Member | None:
    """Whose token this is, None where it is unknown or over. Notes the use once an hour."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_TOKEN, [digest(token), now])
        row = cursor.fetchone()
    if row is None:
        return None
    key, last_used_at, *columns = row
    if now - last_used_at > timedelta(hours=1):
        MemberToken.objects.filter(pk=key).update(last_used_at=now)
    return rows.read(Member, columns)


def sign_out(token: str) -> None:
    """Forget a token; one that is unknown is no error."""
    MemberToken.objects.filter(digest=digest(token)).delete()


def prune_tokens(*, now: datetime) -> int:
    """Forget tokens and codes that are over; returns how many tokens."""
    SignInCode.objects.filter(expires_at__lte=now).delete()
    return MemberToken.objects.filter(expires_at__lte=now).delete()[0]


def _stands_above(*, above: int, below: int) -> bool:
    with connection.cursor() as walk:
        walk.execute(
            "WITH RECURSIVE up (id, sponsor_id) AS ("
            " SELECT id, sponsor_id FROM members_member WHERE id = %s"
            " UNION SELECT m.id, m.sponsor_id FROM members_member m JOIN up ON m.id = up.sponsor_id"
            ") SELECT EXISTS (SELECT 1 FROM up WHERE id = %s)",
            [below, above],
        )
        row = walk.fetchone()
    assert row is not None
    return bool(row[0])


def _unused_code() -> str:
    while True:
        code = "".join(secrets.choice(CODE_ALPHABET) for _place in range(CODE_LENGTH))
        if not Member.objects.filter(invitation_code=code).exists():
            return code


def new_token(member: Member, *, now: datetime) -> str:
    """A fresh sign-in of the member: the token, which nobody sees again."""
    token = secrets.token_urlsafe(32)
    MemberToken.objects.create(
        member=member,
        digest=digest(token),
        expires_at=now + timedelta(days=TOKEN_DAYS),
        last_used_at=now,
    )
    return token


def _hashed(password: str | None) -> str:
    if password is None:
        return make_password(None)
    refuse_weak(password)
    return make_password(password)


def digest(token: str) -> str:
    """What we keep of a token, a code or a ticket."""
    return hashlib.sha256(token.encode()).hexdigest()


def _phone_taken() -> ConflictError:
    return ConflictError("phone_taken", _("This number is a member already."), field="phone")


def _login_failed() -> DomainError:
    return DomainError("login_failed", _("Phone or password is wrong."), status=401)
