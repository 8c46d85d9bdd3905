"""A flow driven by hand over a real order: the interpreter of flows and the real steps, without
the runtime's tables."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from mingchi import flows
from mingchi.flows import REGISTRY, Advance, EnqueueJob, OpenWork, SetTimer, State, StepContext
from mingchi.flows.conditions import Conditions
from mingchi.flows.deciding import Decider
from mingchi.flows.reading import read_flow
from mingchi.usecases import flow_subjects, flow_values, templates


@dataclass
class Drive:
    """An instance of a template over a subject. `done`: the steps that ran, in order."""

    template: str
    subject: str
    now: datetime
    done: list[str] = field(default_factory=list)
    state: State = field(init=False)

    def __post_init__(self) -> None:
        template = templates.ALL[self.template]
        graph = read_flow(templates.bpmn(self.template)).graph
        assert graph is not None
        self.kind, self.graph = template.kind, graph
        self.merchant = flow_subjects._order(self.subject).merchant_id
        self._conditions = Conditions(flow_values.CONTEXTS[self.kind])
        self.work: dict[str, int] = {}
        self.timers: dict[str, tuple[int, datetime]] = {}
        self._take(flows.start(self.graph, now=self.now, decide=self._decide()))

    @property
    def ended(self) -> str | None:
        """The end it came to."""
        return self.state.ended

    def does(self, *steps: str, actor: str, outcome: str = "") -> None:
        """A person does the steps that wait for one, each with the first or a named outcome."""
        for name in steps:
            node = next(x for x in self.work if self.graph.nodes[x].step == name)
            token = self.work[node]
            said = outcome or self.graph.nodes[node].outcomes[0]
            result = self._run(node, token, actor, said)
            self._take(
                flows.complete(
                    self.graph,
                    self.state,
                    token=token,
                    outcome=result or said,
                    now=self.now,
                    decide=self._decide(),
                )
            )

    def signal(self, name: str) -> None:
        """Somebody tells."""
        self._take(
            flows.signal(self.graph, self.state, name=name, now=self.now, decide=self._decide())
        )

    def wait(self) -> None:
        """The next timer is due."""
        node, (token, due_at) = min(self.timers.items(), key=lambda item: item[1][1])
        self.now = max(self.now, due_at)
        self._take(
            flows.fire(
                self.graph,
                self.state,
                token=token,
                node=node,
                now=self.now,
                decide=self._decide(),
            )
        )

    def _decide(self) -> Decider:
        return Decider(self._conditions, flow_values.read(self.kind, self.subject))

    def _take(self, advance: Advance) -> None:
        self.state = advance.state
        jobs: list[EnqueueJob] = []
        for effect in advance.effects:
            if isinstance(effect, EnqueueJob):
                jobs.append(effect)
            elif isinstance(effect, OpenWork):
                self.work[effect.node] = effect.token
            elif isinstance(effect, SetTimer):
                self.timers[effect.node] = (effect.token, effect.due_at)
        alive = self.state.tokens
        self.work = {node: token for node, token in self.work.items() if token in alive}
        self.timers = {node: set_ for node, set_ in self.timers.items() if set_[0] in alive}
        for job in jobs:
            result = self._run(job.node, job.token, "", "")
            self._take(
                flows.job_done(
                    self.graph,
                    self.state,
                    token=job.token,
                    outcome=result or "",
                    now=self.now,
                    decide=self._decide(),
                )
            )

    def _run(self, node: str, token: int, actor: str, outcome: str) -> str | None:
        name = self.graph.nodes[node].step
        assert name is not None
        context = StepContext(
            subject=self.subject,
            merchant=self.merchant,
            instance=1,
            token=token,
            node=node,
            step=name,
            now=self.now,
            outcome=outcome,
            actor=actor,
        )
        step = REGISTRY[name]
        run: Callable[[StepContext], str | None] = step.run
        result = run(context)
        assert run(context) == result, f"{name}: a second time must change nothing"
        self.done.append(name)
        return result
