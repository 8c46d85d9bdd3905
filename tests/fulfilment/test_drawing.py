"""Draft, check, publish, choose: what a merchant draws, and what orders get."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from tests.fulfilment.world import (
    END,
    NOW,
    REVIEW_THEN_PICK,
    START,
    World,
    chain,
    file,
    jobs,
    log,
    open_nodes,
    served,
    task,
    timer,
    way,
    ways,
)
from tests.usecases.shop import staff

from mingchi.flows import moving
from mingchi.foundation.errors import DomainError
from mingchi.fulfilment import defaults, services
from mingchi.fulfilment.models import (
    DecisionTableVersion,
    FlowDefinition,
    FlowInstance,
    FlowSelector,
    FlowVersion,
    StepLog,
)
from mingchi.merchants.models import Merchant
from mingchi.usecases import edit_flows, run_flows, standard_flows

BY_HAND = chain(task("by_hand"), names="by_hand")
DEADLOCK = file(
    START
    + '<bpmn:exclusiveGateway id="one"/><bpmn:parallelGateway id="both"/>'
    + task("a")
    + task("b")
    + END
    + ways("start one", "a both end", "b both")
    + way("one", "a", "amount_fen &gt; 1")
    + way("one", "b", "amount_fen &lt;= 1")
)


def drafted(world: World, bpmn: bytes, *, key: str = "standard", by: Any = None) -> int:
    return edit_flows.draft_flow(
        by=by or world.manager,
        merchant_id=world.merchant.pk,
        kind="order",
        key=key,
        name="Ours",
        bpmn=bpmn,
    )


def version(pk: int) -> FlowVersion:
    return FlowVersion.objects.get(pk=pk)


def sql(text: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(text, values)


class TestPublishing:
    def test_from_draft_to_version(self, world: World) -> None:
        pk = drafted(world, REVIEW_THEN_PICK)
        assert version(pk).status == "draft"
        assert version(pk).findings is None
        assert edit_flows.check_flow(by=world.manager, version_id=pk) == ()
        edit_flows.publish_flow(by=world.manager, version_id=pk, now=NOW)
        assert version(pk).status == "published"
        assert world.start().version_id == pk

    @pytest.mark.parametrize(
        ("bpmn", "code"),
        [
            (DEADLOCK, "deadlock"),
            (b"<html/>", "not-bpmn"),
            (chain(served("x", "test.nothing"), names="x"), "unknown-step"),
            (chain(task("x", role="king"), names="x"), "unknown-role"),
            (chain(task("x", step="test.approve", role="finance"), names="x"), "wider-role"),
            (chain(task("x", step="test.take"), names="x"), "outside-by-hand"),
            (chain(task("x", table="nothing"), names="x"), "unknown-table"),
        ],
    )
    def test_a_broken_flow_is_not_published(self, world: World, bpmn: bytes, code: str) -> None:
        pk = drafted(world, bpmn)
        found = edit_flows.check_flow(by=world.manager, version_id=pk)
        assert code in {finding.code for finding in found}
        with pytest.raises(DomainError, match="flow_broken") as caught:
            edit_flows.publish_flow(by=world.manager, version_id=pk, now=NOW)
        assert code in {one["code"] for one in caught.value.details["findings"]}
        assert version(pk).status == "draft"

    def test_nor_past_the_service(self, world: World) -> None:
        """The database refuses: with findings, unchecked, or checked in another form."""
        publish = "UPDATE fulfilment_flowversion SET status = 'published', published_at = now() "
        broken = drafted(world, DEADLOCK)
        edit_flows.check_flow(by=world.manager, version_id=broken)
        unchecked = drafted(world, REVIEW_THEN_PICK)
        changed = drafted(world, REVIEW_THEN_PICK)
        edit_flows.check_flow(by=world.manager, version_id=changed)
        sql("UPDATE fulfilment_flowversion SET bpmn_xml = %s WHERE id = %s", DEADLOCK, changed)
        for pk in (broken, unchecked, changed):
            with pytest.raises(IntegrityError):
                sql(publish + "WHERE id = %s", pk)
        good = drafted(world, REVIEW_THEN_PICK)
        edit_flows.check_flow(by=world.manager, version_id=good)
        sql(publish + "WHERE id = %s", good)

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE fulfilment_flowversion SET bpmn_xml = 'x'::bytea WHERE id = %s",
            "UPDATE fulfilment_flowversion SET graph = '{}'::jsonb WHERE id = %s",
            "UPDATE fulfilment_flowversion SET status = 'draft' WHERE id = %s",
            "UPDATE fulfilment_flowversion SET number = 9 WHERE id = %s",
            "DELETE FROM fulfilment_flowversion WHERE id = %s",
        ],
    )
    def test_a_published_version_never_changes(self, world: World, change: str) -> None:
        made = world.publish(REVIEW_THEN_PICK)
        with pytest.raises(IntegrityError, match="published and never changes"):
            sql(change, made.pk)
        with pytest.raises(DomainError, match="flow_not_draft"):
            edit_flows.edit_flow(by=world.manager, version_id=made.pk, bpmn=BY_HAND)

    def test_an_edited_draft_is_to_be_checked_anew(self, world: World) -> None:
        pk = drafted(world, REVIEW_THEN_PICK)
        edit_flows.check_flow(by=world.manager, version_id=pk)
        edit_flows.edit_flow(by=world.manager, version_id=pk, bpmn=DEADLOCK)
        assert version(pk).findings is None
        with pytest.raises(DomainError, match="flow_broken"):
            edit_flows.publish_flow(by=world.manager, version_id=pk, now=NOW)

    def test_too_large(self, world: World) -> None:
        with pytest.raises(DomainError, match="flow_too_large"):
            drafted(world, b"x" * (256 * 1024 + 1))

    def test_back_to_a_version_before(self, world: World) -> None:
        first, second = world.publish(REVIEW_THEN_PICK), world.publish(BY_HAND)
        assert version(first.pk).status == "retired"
        edit_flows.restore_flow(by=world.manager, version_id=first.pk, now=NOW)
        assert (version(first.pk).status, version(second.pk).status) == ("published", "retired")
        assert world.start().version_id == first.pk


class TestRights:
    def test_only_managers_draw_and_only_their_own(self, world: World) -> None:
        other = Merchant.objects.create(name="Another")
        stranger = staff(merchant=other, role="manager")
        pk = drafted(world, REVIEW_THEN_PICK)
        calls = (
            lambda by: drafted(world, BY_HAND, by=by),
            lambda by: edit_flows.edit_flow(by=by, version_id=pk, bpmn=BY_HAND),
            lambda by: edit_flows.check_flow(by=by, version_id=pk),
            lambda by: edit_flows.publish_flow(by=by, version_id=pk, now=NOW),
            lambda by: edit_flows.retire_flow(by=by, definition_id=version(pk).definition_id),
            lambda by: edit_flows.compare_flows(by=by, before_id=pk, after_id=pk),
            lambda by: edit_flows.set_table(
                by=by, merchant_id=world.merchant.pk, kind="order", data={}
            ),
            lambda by: edit_flows.set_selector(
                by=by, merchant_id=world.merchant.pk, kind="order", data={}
            ),
        )
        for call in calls:
            for user, code in ((stranger, "not_found"), (world.clerk, "not_allowed")):
                with pytest.raises(DomainError) as caught:
                    call(user)
                assert caught.value.code == code
        assert bytes(version(pk).bpmn_xml) == REVIEW_THEN_PICK
        assert version(pk).status == "draft"

    def test_the_platforms_flows_are_the_platforms(self, world: World) -> None:
        with transaction.atomic():
            pk = defaults.ensure("order")
        with pytest.raises(DomainError, match="not_found"):
            edit_flows.retire_flow(by=world.manager, definition_id=version(pk).definition_id)
        with pytest.raises(DomainError, match="flow_needed"):
            edit_flows.retire_flow(by=staff("owner"), definition_id=version(pk).definition_id)

    def test_a_flow_of_one_merchant_never_runs_on_anothers_order(self, world: World) -> None:
        other = Merchant.objects.create(name="Another")
        theirs = world.publish(REVIEW_THEN_PICK, merchant=other)
        instance = world.start()
        assert instance.version_id != theirs.pk
        with pytest.raises(IntegrityError, match="is not for order of merchant"):
            sql(
                "UPDATE fulfilment_flowinstance SET version_id = %s WHERE id = %s",
                theirs.pk,
                instance.pk,
            )
        selector = {
            "name": "choice",
            "inputs": [{"name": "channel"}],
            "rows": [],
            "default": "secret",
        }
        world.publish(REVIEW_THEN_PICK, merchant=other, key="secret")
        with pytest.raises(DomainError, match="flow_unknown"):
            edit_flows.set_selector(
                by=world.manager, merchant_id=world.merchant.pk, kind="order", data=selector
            )


class TestChoosing:
    SELECTOR = {
        "name": "which",
        "inputs": [{"name": "amount_fen"}, {"name": "channel"}],
        "rows": [
            {"when": {"amount_fen": {"from": 100_000}}, "then": "large"},
            {"when": {"channel": "shop"}, "then": "shop"},
        ],
        "default": "standard",
    }

    def select(self, world: World, data: Any) -> int:
        return edit_flows.set_selector(
            by=world.manager, merchant_id=world.merchant.pk, kind="order", data=data
        )

    def test_by_the_selector(self, world: World) -> None:
        keys = {key: world.publish(BY_HAND, key=key).pk for key in ("large", "shop", "standard")}
        self.select(world, self.SELECTOR)
        assert world.start("order:1", amount_fen=100_000).version_id == keys["large"]
        assert world.start("order:2", channel="shop").version_id == keys["shop"]
        assert world.start("order:3").version_id == keys["standard"]

    def test_edited_it_is_a_new_version(self, world: World) -> None:
        world.publish(BY_HAND, key="large")
        only = {**self.SELECTOR, "rows": [], "default": "large"}
        assert self.select(world, only) == 1
        assert self.select(world, {**only, "name": "again"}) == 2
        assert FlowSelector.objects.count() == 2
        with pytest.raises(IntegrityError, match="append-only"):
            sql("UPDATE fulfilment_flowselector SET number = 3")

    def test_it_must_give_flows_that_are_published(self, world: World) -> None:
        world.publish(BY_HAND)
        with pytest.raises(DomainError, match="flow_unknown") as caught:
            self.select(world, self.SELECTOR)
        assert caught.value.details == {"keys": ["large", "shop"]}
        with pytest.raises(DomainError, match="bad_table"):
            self.select(world, {**self.SELECTOR, "inputs": [{"name": "password"}]})

    def test_without_flows_of_its_own_the_platforms(self, world: World) -> None:
        instance = world.start()
        assert instance.version is not None
        assert instance.version.definition.merchant is None
        assert open_nodes() == ["by_hand"]

    def test_what_the_release_ships_is_published_once(self, world: World) -> None:
        defaults.register("order", chain(task("new"), names="new"))
        with transaction.atomic():
            first = defaults.bring_up_to_date("order")
            assert defaults.bring_up_to_date("order") == first
        world.start()
        assert open_nodes() == ["new"]
        defaults.register("order", DEADLOCK)
        with transaction.atomic(), pytest.raises(defaults.FlowFaultsError, match="deadlock"):
            defaults.bring_up_to_date("order")
        assert world.start("order:2").version_id == first


class TestABrokenFlowThatFailsTheCheckoutShopware5744:
    """Whatever is wrong with a flow, the order is placed and gets one that works."""

    def test_enqueueing_looks_at_no_flow(self, world: World) -> None:
        world.owners["order:1"] = world.merchant.pk
        world.values_of = None  # type: ignore[method-assign, assignment]
        with transaction.atomic():
            services.enqueue(kind="order", subject="order:1", now=NOW)
        assert FlowInstance.objects.get().status == "queued"

    def test_a_retired_flow_falls_back_to_the_platforms(self, world: World) -> None:
        large = world.publish(BY_HAND, key="large")
        TestChoosing().select(world, {**TestChoosing.SELECTOR, "rows": [], "default": "large"})
        edit_flows.retire_flow(by=world.manager, definition_id=large.definition_id)
        instance = world.start()
        assert open_nodes() == ["by_hand"]
        assert "'large' is not published" in instance.trouble
        assert ("fell_back", "") in log()

    def test_a_flow_that_cannot_start_falls_back(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        gates = "".join(f'<bpmn:exclusiveGateway id="g{n}"/>' for n in range(5))
        path = "start " + " ".join(f"g{n}" for n in range(5)) + " review end"
        world.publish(file(START + gates + task("review") + END + ways(path)))
        monkeypatch.setattr(moving, "MOST_AUTOMATIC_STEPS", 3)
        instance = world.start()
        assert open_nodes() == ["by_hand"]
        assert "could not be started" in instance.trouble
        assert [entry.event for entry in StepLog.objects.order_by("id")] == [
            "started",
            "fell_back",
        ]

    def test_a_choice_that_cannot_be_made_falls_back(self, world: World) -> None:
        world.publish(BY_HAND)
        TestChoosing().select(
            world,
            {**TestChoosing.SELECTOR, "rows": [], "default": "standard"},
        )
        world.start("order:1", channel=None)
        instance = world.start("order:2", amount_fen=None)
        assert open_nodes("order:2") == ["by_hand"]
        assert instance.status == "running"

    def test_where_not_even_the_platforms_starts_it_is_tried_again(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.owners["order:1"] = world.merchant.pk
        with transaction.atomic():
            services.enqueue(kind="order", subject="order:1", now=NOW)
        with monkeypatch.context() as patch:
            patch.setattr(moving, "MOST_AUTOMATIC_STEPS", 0)
            run_flows.start_queued_flows(now=NOW)
        queued = FlowInstance.objects.get()
        assert (queued.status, queued.tries) == ("queued", 1)
        assert "could not be started" in queued.trouble
        assert run_flows.start_queued_flows(now=NOW) == 0
        world.work(NOW.replace(hour=5))
        assert open_nodes() == ["by_hand"]

    def test_an_unforeseen_failure_is_put_where_staff_see_it(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.owners["order:1"] = world.merchant.pk
        with transaction.atomic():
            services.enqueue(kind="order", subject="order:1", now=NOW)
        with monkeypatch.context() as patch:
            patch.setattr("mingchi.fulfilment.choosing.choices", lambda **words: 1 / 0)
            run_flows.start_queued_flows(now=NOW)
        assert FlowInstance.objects.get().trouble == "ZeroDivisionError: division by zero"


class TestDecisionTables:
    def table(self, hours: int) -> dict[str, Any]:
        return {
            "name": "patience",
            "inputs": [{"name": "channel"}],
            "output": {"type": "duration"},
            "rows": [],
            "default": f"PT{hours}H",
        }

    def save(self, world: World, hours: int) -> int:
        return edit_flows.set_table(
            by=world.manager, merchant_id=world.merchant.pk, kind="order", data=self.table(hours)
        )

    def test_a_version_keeps_the_tables_it_was_published_with(self, world: World) -> None:
        flow = chain(task("review", table="patience"), names="review")
        assert self.save(world, 1) == 1
        first = world.publish(flow)
        assert self.save(world, 2) == 2
        world.start("order:1")
        assert due("order:1") == NOW.replace(hour=5)
        world.publish(flow)
        world.start("order:2")
        assert due("order:2") == NOW.replace(hour=6)
        assert [pin.table.number for pin in first.pins.all()] == [1]

    def test_pins_and_versions_stand(self, world: World) -> None:
        self.save(world, 1)
        world.publish(chain(task("review", table="patience"), names="review"))
        with pytest.raises(IntegrityError, match="never change"):
            sql("DELETE FROM fulfilment_tablepin")
        with pytest.raises(IntegrityError, match="append-only"):
            sql("UPDATE fulfilment_decisiontableversion SET number = 7")
        assert DecisionTableVersion.objects.get().number == 1

    def test_another_merchants_table_is_not_there(self, world: World) -> None:
        other = Merchant.objects.create(name="Another")
        self.save(world, 1)
        with pytest.raises(DomainError, match="flow_broken") as caught:
            world.publish(chain(task("review", table="patience"), names="review"), merchant=other)
        assert caught.value.details["findings"][0]["code"] == "unknown-table"


def due(subject: str) -> Any:
    from tests.fulfilment.world import item

    return item("review", subject).due_at


def test_equal_names_across_versions_spryker_core_4(world: World) -> None:
    """Two versions share a node's name and differ behind it: each order goes the way of its own."""
    world.publish(chain(task("review"), served("pick", "test.pick"), names="review pick"))
    world.start("order:1")
    world.publish(chain(task("review"), served("pack", "test.pack"), names="review pack"))
    world.start("order:2")
    for subject in ("order:1", "order:2"):
        world.complete("review", subject=subject)
    assert (jobs("order:1"), jobs("order:2")) == (
        [("test.pick", "queued")],
        [("test.pack", "queued")],
    )


def test_what_is_in_use_stays(world: World) -> None:
    from django.db.models import ProtectedError

    world.publish(REVIEW_THEN_PICK)
    world.start()
    with pytest.raises(ProtectedError):
        FlowDefinition.objects.get(merchant=world.merchant).delete()


def test_compare(world: World) -> None:
    before = drafted(world, REVIEW_THEN_PICK)
    after = drafted(
        world,
        file(
            START
            + task("review", role="manager")
            + timer("wait", "PT1H")
            + END
            + ways("start review wait end")
        ),
    )
    found = edit_flows.compare_flows(by=world.manager, before_id=before, after_id=after)
    assert found.added == ("review-wait", "wait", "wait-end")
    assert found.removed == ("review-pick", "pick", "pick-end")
    assert [(one.element, one.fields) for one in found.changed] == [
        ("review", {"role": ("clerk", "manager")})
    ]


def test_the_log_is_for_ever(world: World) -> None:
    world.start()
    for change in ("UPDATE fulfilment_steplog SET event = 'x'", "DELETE FROM fulfilment_steplog"):
        with pytest.raises(IntegrityError, match="append-only"):
            sql(change)


@pytest.mark.django_db
def test_the_flows_of_the_release_are_sound_and_published_once() -> None:
    """With the platform's own steps and values, not those of the tests."""
    for _again in range(2):
        standard_flows.publish_standard_flows()
    found = FlowVersion.objects.order_by("definition__kind")
    assert [(one.definition.kind, one.number, one.status) for one in found] == [
        (kind, 1, "published") for kind in ("fulfilment", "order", "return")
    ]
