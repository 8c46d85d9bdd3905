"""Staff bind a member to another sponsor: the one audited way."""

from django.db import transaction

from mingchi.foundation import audit
from mingchi.foundation.models import User
from mingchi.members import services as members
from mingchi.members.models import SponsorChange
from mingchi.usecases import checks, events, rights


def bind_sponsor(*, by: User, member_id: int, sponsor_id: int | None, reason: str) -> int:
    """Bind anew, for orders settled from here on; returns the key of the change (event `b<pk>`).

    Errors: `sponsor_loop` 409, `not_found` 404, `text_invalid` where no reason is given.
    """
    rights.require(by, "member.bind_sponsor")
    reason = checks.text(reason, field="reason", longest=200, needed=True)
    with transaction.atomic():
        member = members.get(member_id)
        sponsor = None if sponsor_id is None else members.get(sponsor_id)
        before_id = member.sponsor_id
        members.bind_sponsor(member=member, sponsor=sponsor)
        change = SponsorChange.objects.create(
            member=member, before_id=before_id, after=sponsor, reason=reason, changed_by=by
        )
        events.record(
            "sponsor",
            change.pk,
            member=events.member_key(member.pk),
            sponsor=events.member_key(sponsor_id),
        )
        audit.record(
            actor=rights.actor(by),
            action="member.bind_sponsor",
            subject=f"member:{member.pk}",
            before={"sponsor_id": before_id},
            after={"sponsor_id": sponsor_id},
            reason=reason,
        )
    return change.pk
