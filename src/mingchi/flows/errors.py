"""What can go wrong in a flow, typed: each has a `code` and a message a person can act on."""


class FlowError(Exception):
    """Anything this package raises on purpose. `code` names the kind, `node` the element."""

    code = "flow"

    def __init__(self, message: str, *, node: str = "") -> None:
        self.node = node
        super().__init__(message)


class NotWaitingError(FlowError):
    """Nothing waits for this: the token has moved on, was taken away, or never was there."""

    code = "not_waiting"


class OutcomeError(FlowError):
    """A task ended with an outcome that its step does not have."""

    code = "unknown_outcome"


class TooManyStepsError(FlowError):
    """An advance passed more automatic nodes than `moving.MOST_AUTOMATIC_STEPS`."""

    code = "too_many_steps"


class DecisionError(FlowError):
    """A condition or a decision table gave no answer. The token stays and waits for a person."""

    code = "decision"


class StateError(FlowError):
    """A stored state or graph that does not have its form."""

    code = "state"


class RegistryError(FlowError):
    """A step registered twice, or one that names another that is not there."""

    code = "registry"
