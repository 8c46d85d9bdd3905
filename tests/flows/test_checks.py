"""The checker: named flows, sound and not, with the path on which they fail."""
# ruff: noqa: E501 - a case a line

import time
from collections.abc import Collection

import pytest
from tests.flows.bpmn import codes, read, way, ways
from tests.flows.stepping import CONDITIONS, NOW, decider

from mingchi.flows import RegistryError, interpreter
from mingchi.flows.checks import check
from mingchi.flows.context import ORDER
from mingchi.flows.findings import Finding
from mingchi.flows.graph import Graph
from mingchi.flows.soundness import MOST_STATES
from mingchi.flows.state import State
from mingchi.flows.steps import Doing, Registry, StepContext
from mingchi.flows.tables import read_table


def nothing(context: StepContext) -> None:
    """A step of which only the declaration matters."""


def real_steps() -> Registry:
    registry = Registry()
    step = registry.step
    step(
        "shipment.create",
        requires="reserved and (paid or cash_on_delivery)",
        provides={"shipped"},
        undo="shipment.void",
    )(nothing)
    step("shipment.void", removes={"shipped"})(nothing)
    step("stock.release", removes={"reserved"}, provides={"released"})(nothing)
    step(
        "finance.confirm",
        doing=Doing.HUMAN,
        actors={"finance", "manager"},
        outcomes=("confirmed", "missing"),
        provides={"paid"},
    )(nothing)
    step("money.take", provides={"paid"}, undo="money.refund")(nothing)
    step("money.refund", removes={"paid"}, provides={"refunded"})(nothing)
    step("order.complete", provides={"kept"})(nothing)
    step("order.review", doing=Doing.HUMAN, outcomes=("yes", "no"))(nothing)
    registry.verify()
    return registry


STEPS = real_steps()


def compiled(process: str) -> Graph:
    reading = read('<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>' + process, registry=STEPS)
    assert reading.graph is not None, reading.findings
    return reading.graph


def found(process: str, facts: Collection[str] = (), strict: bool = False) -> list[Finding]:
    graph = compiled(process)
    return check(graph, registry=STEPS, conditions=CONDITIONS, facts=facts, strict=strict)


def user(name: str, more: str = "") -> str:
    return f'<bpmn:userTask id="{name}" m:role="clerk" {more}/>'


def service(name: str, step: str) -> str:
    return f'<bpmn:serviceTask id="{name}" m:step="{step}"/>'


def choice(name: str, default: str = "") -> str:
    default = f'default="{name}-{default}"' if default else ""
    return f'<bpmn:exclusiveGateway id="{name}" {default}/>'


def parallel(*names: str) -> str:
    return "".join(f'<bpmn:parallelGateway id="{name}"/>' for name in names)


A_B = user("a") + user("b")


@pytest.mark.parametrize(
    ("process", "code", "element", "path"),
    [
        # a choice closed by a join: the other way's token never comes
        (
            A_B + choice("c", "b") + parallel("j") + ways("s c b j e", "a j") + way("c", "a", "first_order"),
            "deadlock", "j", ["s", "c", "b", "j"],
        ),
        # a fork closed by a merge: what follows is done twice
        (
            A_B + user("t") + parallel("f") + choice("m") + ways("s f a m t e", "f b m"),
            "doubled", "t", ["s", "f", "a", "b", "m", "m", "t"],
        ),
        # gateways that go round by themselves
        (
            choice("m") + choice("c", "m") + ways("s m c m") + way("c", "e", "first_order"),
            "automatic-loop", "m", ["m", "c", "m"],
        ),
        # a service task is no wait
        (
            choice("m") + service("x", "test.step") + choice("c", "m") + ways("s m x c m")
            + way("c", "e", 'outcome == "done"'),
            "automatic-loop", "m", ["m", "x", "c", "m"],
        ),
        # a condition that can't hold
        (
            A_B + choice("c", "b") + ways("s c b e", "a e") + way("c", "a", "amount_fen &lt; 0 &amp;&amp; amount_fen &gt; 5"),
            "dead-node", "a", ["s", "c", "a"],
        ),
        # the second choice asks what the first has settled
        (
            user("a") + choice("c", "e") + choice("d", "e") + ways("c e", "d e", "s c", "a e")
            + way("c", "d", 'channel == "app"') + way("d", "a", 'channel == "web"'),
            "dead-node", "a", ["s", "c", "d", "a"],
        ),
        # no way may be open
        (
            A_B + choice("c") + ways("s c", "a e", "b e") + way("c", "a", "amount_fen &gt; 100")
            + way("c", "b", "amount_fen &lt; 100"),
            "no-default", "c", [],
        ),
    ],
)  # fmt: skip
def test_unsound_flows_are_refused_with_their_path(
    process: str, code: str, element: str, path: list[str]
) -> None:
    findings = [finding for finding in found(process) if finding.code == code]
    assert [finding.element for finding in findings] == [element]
    assert list(findings[0].path) == path
    assert findings[0].line > 0


def test_a_flow_that_can_never_end_is_refused() -> None:
    """The loop has a wait, but the condition of its way out never holds."""
    inner = user("a") + user("b") + choice("m") + choice("c", "m")
    process = (
        inner
        + ways("s m a c m", "b e")
        + way("c", "b", "amount_fen &lt; 0 &amp;&amp; amount_fen &gt; 0")
    )
    findings = found(process)
    assert {"endless", "dead-node"} == set(codes(findings))
    (endless,) = [finding for finding in findings if finding.code == "endless"]
    assert (endless.element, endless.path) == ("a", ("s", "m"))


@pytest.mark.parametrize(
    "process",
    [
        user("a") + ways("s a e"),
        A_B + parallel("f", "j") + ways("s f a j e", "f b j"),
        # every branch its own end
        A_B + parallel("f") + '<bpmn:endEvent id="e2"/>' + ways("s f a e", "f b e2"),
        # a loop with a person in it
        A_B + choice("m") + choice("c", "b") + ways("s m a c b e") + way("c", "m", 'outcome == "again"'),
        # conditions that leave no gap need no default
        A_B + choice("c") + ways("s c", "a e", "b e") + way("c", "a", "amount_fen &gt;= 100")
        + way("c", "b", "amount_fen &lt; 100"),
        # outcomes of a registered step, all of them
        user("r", 'm:step="order.review"') + A_B + choice("c") + ways("s r c", "a e", "b e")
        + way("c", "a", 'outcome == "yes"') + way("c", "b", 'outcome == "no"'),
        # tasks with several ways in and out merge and fork by themselves
        A_B + ways("s a e", "a b e"),
    ],
)  # fmt: skip
def test_sound_flows_pass(process: str) -> None:
    assert found(process) == []


def test_an_outcome_that_the_step_does_not_have_leaves_a_way_dead() -> None:
    review = user("r", 'm:step="order.review"') + A_B + choice("c", "b")
    process = review + ways("s r c b e", "a e") + way("c", "a", 'outcome == "maybe"')
    assert [(x.code, x.element) for x in found(process, strict=True)] == [("dead-node", "a")]
    assert found(process) == [], "not strict: another platform's step may say it"


SHIP = service("ship", "shipment.create")


def test_what_a_step_requires_must_hold_on_every_path() -> None:
    process = SHIP + user("f", 'm:step="finance.confirm"').replace("clerk", "finance")
    process += choice("c", "ship") + choice("m") + service("done", "order.complete")
    chains = ways("s c f m", "m ship done e") + way("c", "m", "first_order")
    process = process.replace('default="c-ship"', 'default="c-f"')
    (finding,) = found(process + chains, {"reserved"})
    assert (finding.code, finding.element) == ("missing-fact", "ship")
    assert "reserved" in finding.message
    assert finding.path == ("s", "c", "m", "ship")


def test_a_fact_comes_with_the_assent_only() -> None:
    confirm = user("f", 'm:step="finance.confirm"').replace("clerk", "finance")
    rest = SHIP + service("done", "order.complete")
    straight = confirm + rest + ways("s f ship done e")
    (finding,) = found(straight, {"reserved"})
    assert (finding.code, finding.element) == ("missing-fact", "ship")
    asked = confirm + rest + choice("c", "free") + service("free", "stock.release")
    chains = ways("s f c free e", "ship done e") + way("c", "ship", 'outcome == "confirmed"')
    assert found(asked + chains, {"reserved"}) == []


def test_a_guard_gives_its_fact() -> None:
    take = service("take", "money.take") + service("done", "order.complete")
    chains = ways("s c take m ship done e") + way("c", "m", 'payment_method == "cod"')
    assert found(SHIP + take + choice("c", "take") + choice("m") + chains, {"reserved"}) == []
    other = chains.replace('"cod"', '"card"')
    (finding,) = found(SHIP + take + choice("c", "take") + choice("m") + other, {"reserved"})
    assert finding.code == "missing-fact"
    assert finding.path == ("s", "c", "m", "ship")


def test_reserved_stock_and_money_are_settled_at_every_end() -> None:
    process = user("a") + ways("s a e")
    (finding,) = found(process, {"reserved"})
    assert (finding.code, finding.element) == ("not-reserved-settled", "e")
    assert finding.path == ("s", "a", "e")
    taken = service("take", "money.take") + service("free", "stock.release")
    (finding,) = found(taken + ways("s take free e"), {"reserved"})
    assert finding.code == "not-paid-settled"
    back = service("back", "money.refund")
    assert found(taken + back + ways("s take free back e"), {"reserved"}) == []


INNER = (
    '<bpmn:subProcess id="p"><bpmn:startEvent id="ps"/><bpmn:endEvent id="pe"/>'
    + service("take", "money.take")
    + SHIP
    + ways("ps take ship pe")
    + '</bpmn:subProcess><bpmn:boundaryEvent id="x" attachedToRef="p">'
    '<bpmn:messageEventDefinition messageRef="stop_message"/></bpmn:boundaryEvent>'
    + service("done", "order.complete")
)


def test_a_cancellation_is_a_path_like_any_other() -> None:
    """What was done inside is undone: the money is back, the stock is still reserved."""
    (finding,) = found(INNER + ways("s p done e", "x e"), {"reserved"})
    assert finding.code == "not-reserved-settled"
    assert "x" in finding.path
    free = service("free", "stock.release")
    assert found(INNER + free + ways("s p done e", "x free e"), {"reserved"}) == []


@pytest.mark.parametrize(
    ("process", "strict", "code"),
    [
        ('<bpmn:userTask id="a"/>' + ways("s a e"), False, "no-role"),
        ('<bpmn:serviceTask id="a"/>' + ways("s a e"), False, "no-step"),
        ('<bpmn:businessRuleTask id="a"/>' + ways("s a e"), False, "no-table"),
        (service("a", "no.such") + ways("s a e"), True, "unknown-step"),
        (service("a", "order.review") + ways("s a e"), False, "not-automatic"),
        (user("a", 'm:step="shipment.void"') + ways("s a e"), False, "not-human"),
        (user("a", 'm:step="finance.confirm"') + ways("s a e"), False, "wider-role"),
        (
            user("a") + choice("c", "e") + ways("s c e", "a e") + way("c", "a", 'amount_fen + "x" == 1'),
            False, "bad-condition",
        ),
        (
            user("a") + choice("c", "e") + ways("s c e", "a e") + way("c", "a", 'outcomes.x == "y"'),
            False, "bad-condition",
        ),
    ],
)  # fmt: skip
def test_each_element_by_itself(process: str, strict: bool, code: str) -> None:
    findings = found(process, strict=strict)
    assert code in codes(findings)
    assert all(x.line for x in findings if x.code == code)


def test_a_step_of_another_kind_of_flow_is_told_with_its_place_and_remedy() -> None:
    registry = Registry()
    registry.step("case.close", kinds={"return"})(nothing)
    registry.step("member.notify")(nothing)
    process = service("told", "member.notify") + service("closed", "case.close")
    graph = read(
        '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>' + process + ways("s told closed e"),
        registry=registry,
    ).graph
    assert graph is not None

    def of_kind(kind: str) -> list[Finding]:
        return check(graph, registry=registry, conditions=CONDITIONS, kind=kind)

    (finding,) = of_kind("order")
    assert (finding.code, finding.element) == ("other-kind", "closed")
    assert finding.line == graph.nodes["closed"].line > 0
    assert "return flow; take it out" in finding.message
    assert of_kind("return") == of_kind("") == []


def cancellable() -> Registry:
    """Money can be given back before the goods are delivered, and goods called back too."""
    registry = Registry()
    step = registry.step
    step("money.take", provides={"paid", "kept"}, undo="money.return")(nothing)
    step("money.return", removes={"paid"}, provides={"refunded"})(nothing)
    step("goods.send", provides={"sent"}, undo="goods.call_back")(nothing)
    step("goods.call_back", requires="sent and not delivered", removes={"sent"})(nothing)
    step("goods.deliver", doing=Doing.HUMAN, provides={"delivered"})(nothing)
    return registry


@pytest.mark.parametrize(
    ("order", "element", "path"),
    [
        # Delivered: the goods can't be called back, but the money was given back before.
        ("send take deliver wait", "send", "s send take deliver wait e"),
        # The other way round the first undo is refused, and nothing was touched.
        ("take send deliver wait", "", ""),
        # Nothing waits where it would be too late: there is nothing to cancel.
        ("send take deliver", "", ""),
        # What the flow itself took back is not undone again.
        ("send take back deliver wait", "", ""),
    ],
)
def test_a_cancellation_that_would_stop_half_way_is_told(
    order: str, element: str, path: str
) -> None:
    registry = cancellable()
    steps = {
        "send": service("send", "goods.send"),
        "take": service("take", "money.take"),
        "back": service("back", "goods.call_back"),
        "deliver": user("deliver", 'm:step="goods.deliver"'),
        "wait": user("wait"),
    }
    process = "".join(steps[one] for one in order.split())
    head = '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>'
    graph = read(head + process + ways(f"s {order} e"), registry=registry).graph
    assert graph is not None
    found = check(graph, registry=registry, conditions=CONDITIONS)
    assert [(x.code, x.element, " ".join(x.path)) for x in found] == (
        [("half-undone", element, path)] if element else []
    )
    assert all("take would be undone and goods.call_back refused" in x.message for x in found)


def test_an_undo_fits_wherever_its_step_does() -> None:
    registry = Registry()
    registry.step("case.keep", undo="case.free")(nothing)
    registry.step("case.free", kinds={"return"})(nothing)
    with pytest.raises(RegistryError, match="fewer kinds"):
        registry.verify()


def test_tables_are_there_cover_their_inputs_and_give_what_is_asked() -> None:
    rule = '<bpmn:businessRuleTask id="r" m:table="who"/>'
    graph = compiled(rule + ways("s r e"))
    data = {
        "name": "who",
        "inputs": [{"name": "first_order"}],
        "rows": [{"when": {"first_order": True}, "then": "P1D"}],
    }

    def with_table(**change: object) -> list[str]:
        table = read_table({**data, **change}, context=ORDER)
        tables = {"who": table}
        return codes(
            check(graph, registry=STEPS, conditions=CONDITIONS, tables=tables, strict=False)
        )

    assert with_table() == ["not-covered"]
    assert with_table(default="x") == []
    assert with_table(default="P2D", output={"type": "duration"}) == ["table-type"]
    missing = check(graph, registry=STEPS, conditions=CONDITIONS, tables={}, strict=False)
    assert codes(missing) == ["unknown-table"]


def test_results_of_a_table_are_the_outcomes_of_its_task() -> None:
    table = {"name": "who", "inputs": [{"name": "first_order"}], "rows": [], "default": "x"}
    rule = '<bpmn:businessRuleTask id="r" m:table="who"/>' + A_B + choice("c", "b")
    graph = compiled(rule + ways("s r c b e", "a e") + way("c", "a", 'outcome == "x"'))
    tables = {"who": read_table(table, context=ORDER)}
    findings = check(graph, registry=STEPS, conditions=CONDITIONS, tables=tables, strict=False)
    assert [(x.code, x.element) for x in findings] == [("dead-node", "b")]


def test_more_states_than_the_limit_are_refused_not_passed() -> None:
    """Ten tasks that can each come back, side by side: three states each, far too many together."""
    parts, chains = [], []
    for number in range(12):
        a, b, m = f"a{number}", f"b{number}", f"m{number}"
        parts += [user(a), user(b), choice(m), choice(f"c{number}", "j")]
        chains += [f"f {m} {a} {b} c{number} j"]
    again = "".join(way(f"c{n}", f"m{n}", 'outcome == "again"') for n in range(12))
    process = parallel("f", "j") + "".join(parts) + ways("s f", *chains, "j e") + again
    start = time.perf_counter()
    findings = found(process)
    assert codes(findings) == ["too-many-states"]
    assert str(MOST_STATES) in findings[0].message
    assert time.perf_counter() - start < 20


def skipped(count: int) -> list[Finding]:
    """Tasks one after the other, each left out where its condition does not hold."""
    parts, chain = [], ["s"]
    for n in range(count):
        parts += [choice(f"c{n}", f"m{n}"), user(f"t{n}"), choice(f"m{n}")]
        parts.append(way(f"c{n}", f"t{n}", "amount_fen &gt; 5") + ways(f"t{n} m{n}"))
        chain += [f"c{n}", f"m{n}"]
    return found("".join(parts) + ways(" ".join([*chain, "e"])))


def test_no_advance_passes_more_nodes_than_the_interpreter_allows() -> None:
    assert skipped(45) == []
    assert codes(skipped(52))[:1] == ["too-many-steps"]


def test_a_hundred_nodes_are_checked_quickly() -> None:
    names = [f"t{number}" for number in range(40)]
    forks = [x for n in range(10) for x in (f"f{n}", f"j{n}")]
    process = "".join(user(name) for name in names) + parallel(*forks)
    chains = []
    for n in range(10):
        one, two, three, four = names[4 * n : 4 * n + 4]
        chains += [f"f{n} {one} {two} j{n}", f"f{n} {three} {four} j{n}", f"j{n} f{n + 1}"]
    graph = compiled(process + user("x") + ways("s f0", *chains[:-1], "j9 x e"))
    times = []
    for _ in range(3):
        start = time.perf_counter()
        assert check(graph, registry=STEPS, conditions=CONDITIONS, strict=False) == []
        times.append(time.perf_counter() - start)
    assert min(times) < 0.5, "ten times the target, for machines that are busy"


def begun(graph: Graph) -> State:
    return interpreter.start(graph, now=NOW, decide=decider({})).state


def test_a_running_instance_is_checked_from_where_it_stands() -> None:
    """For a migration: the target is checked from the marking that the instance would have."""
    source = compiled(A_B + parallel("f", "j") + ways("s f a j e", "f b j"))
    state = begun(source)
    token = state.token_at("a")
    assert token is not None
    half = interpreter.complete(source, state, token=token.id, now=NOW, decide=decider({})).state
    call = {"registry": STEPS, "conditions": CONDITIONS, "strict": False, "at": half}
    assert check(source, **call) == []  # type: ignore[arg-type]
    # The way by which a token came to the join is gone: it would wait for another one.
    target = compiled(A_B + user("z") + parallel("f", "j") + ways("s f a z j e", "f b j"))
    assert found_at(target, half) == ["not-there"]
    # Both ways are there, but b comes before the fork now: a second token comes by a's way.
    other = compiled(A_B + user("z") + parallel("f", "j") + ways("s b f z j e", "f a j"))
    assert found_at(other, half) == ["deadlock"]
    gone = compiled(user("z") + ways("s z e"))
    assert "not-there" in found_at(gone, half)


def found_at(graph: Graph, state: State) -> list[str]:
    return codes(
        check(graph, registry=STEPS, conditions=CONDITIONS, strict=False, at=state, facts=())
    )
