"""Who asks does not decide."""

import pytest
from django.db import IntegrityError, transaction

from mingchi.foundation import proposals
from mingchi.foundation.errors import DomainError
from mingchi.foundation.models import AuditRecord, Proposal

pytestmark = pytest.mark.django_db


def asked() -> Proposal:
    return proposals.ask(kind="subsidy", payload={"amount_fen": 100}, by="user:1")


def test_another_person_approves() -> None:
    proposal = asked()
    decided = proposals.decide(proposal_id=proposal.pk, by="user:2", approve=True, reason="fine")
    proposals.executed(decided, result={"event": "s1"})
    found = Proposal.objects.get()
    assert (found.state, found.decided_by, found.result) == ("approved", "user:2", {"event": "s1"})
    assert [r.action for r in AuditRecord.objects.order_by("id")] == [
        "subsidy.ask",
        "subsidy.approve",
    ]


REFUSALS = [
    ("own", {"by": "user:1"}, "own_proposal", 403),
    ("unknown", {"proposal_id": 0}, "proposal_not_found", 404),
    ("of another kind", {"kind": "plan"}, "proposal_not_found", 404),
]


@pytest.mark.parametrize(
    ("change", "code", "status"), [case[1:] for case in REFUSALS], ids=[c[0] for c in REFUSALS]
)
def test_refusals(change: dict[str, object], code: str, status: int) -> None:
    proposal = asked()
    arguments = {"proposal_id": proposal.pk, "by": "user:2", "approve": True, **change}
    with pytest.raises(DomainError) as refusal:
        proposals.decide(**arguments)  # type: ignore[arg-type]
    assert (refusal.value.code, refusal.value.status) == (code, status)
    assert Proposal.objects.get().state == "asked"


def test_decided_is_decided() -> None:
    proposal = asked()
    proposals.decide(proposal_id=proposal.pk, by="user:2", approve=False)
    with pytest.raises(DomainError) as refusal:
        proposals.decide(proposal_id=proposal.pk, by="user:3", approve=True)
    assert refusal.value.code == "proposal_decided"
    assert Proposal.objects.get().state == "refused"


def test_the_database_refuses_too() -> None:
    proposal = asked()
    with pytest.raises(IntegrityError, match="four_eyes"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(
            state="approved", decided_by="user:1", decided_at=proposal.asked_at
        )
