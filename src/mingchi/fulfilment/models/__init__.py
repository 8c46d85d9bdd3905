"""Tables of the flows: what merchants draw (`drawing`), what runs (`running`), what people do
(`work`), what waits for the time, the worker or a signal (`waiting`)."""

from mingchi.fulfilment.models.drawing import (
    DecisionTable,
    DecisionTableVersion,
    FlowDefinition,
    FlowSelector,
    FlowVersion,
    Kind,
    TablePin,
)
from mingchi.fulfilment.models.running import FlowInstance, Hold, StepLog
from mingchi.fulfilment.models.waiting import Signal, StepJob, Subscription, Timer
from mingchi.fulfilment.models.work import Vote, WorkItem

__all__ = [
    "DecisionTable",
    "DecisionTableVersion",
    "FlowDefinition",
    "FlowInstance",
    "FlowSelector",
    "FlowVersion",
    "Hold",
    "Kind",
    "Signal",
    "StepJob",
    "StepLog",
    "Subscription",
    "TablePin",
    "Timer",
    "Vote",
    "WorkItem",
]
