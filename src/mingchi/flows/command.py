"""`mingchi flow check FILE.bpmn` and `mingchi flow run FILE.bpmn --events EVENTS.jsonl`.

What the platform knows (its registered steps, what orders and returns have) is asked for only where
a file speaks of it: a drawing without steps is checked without the platform.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from mingchi.flows.checks import check
from mingchi.flows.conditions import ConditionError, Conditions
from mingchi.flows.context import ORDER, Context, Type
from mingchi.flows.deciding import Decider
from mingchi.flows.findings import Finding
from mingchi.flows.graph import Graph
from mingchi.flows.reading import Reading, read_flow
from mingchi.flows.running import EventError, Run, read_event
from mingchi.flows.steps import Registry
from mingchi.flows.tables import Table, TableError, read_table
from mingchi.flows.xml import MOST_BYTES

SOUND: Final = 0
FINDINGS: Final = 1
UNREADABLE: Final = 2
_RESERVED: Final = "reserved"
_LONGEST_LINE: Final = 65_536
_LARGEST_FILE: Final = 64 * 1024 * 1024


class KindOfFlow(NamedTuple):
    """What flows of a kind may read, and the facts that hold when they start."""

    context: Context
    facts: frozenset[str]


class Platform(NamedTuple):
    """Registered steps, and the kinds of flows by name."""

    registry: Registry
    kinds: Mapping[str, KindOfFlow]

    @property
    def context(self) -> Context:
        """What a flow of any kind may read."""
        return {name: x for kind in self.kinds.values() for name, x in kind.context.items()}


_ALONE: Final = Platform(Registry(), {"order": KindOfFlow(ORDER, frozenset())})


class _FileError(Exception):
    """A file named on the command line that can't be used."""


def main(argv: list[str], *, platform: Callable[[], Platform] = lambda: _ALONE) -> int:
    """Runs `check` or `run`; gives the exit status. `platform` is called where it is needed."""
    parser = argparse.ArgumentParser(prog="mingchi flow", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    checking = commands.add_parser("check", help="look for faults: 0 sound, 1 findings, 2 no flow")
    checking.add_argument("--json", action="store_true", help="one JSON object with all findings")
    checking.add_argument(
        "--kind", metavar="KIND", help="order, fulfilment or return: as strict as when published"
    )
    running = commands.add_parser("run", help="step a flow in memory, an answer an event")
    running.add_argument("--events", required=True, metavar="EVENTS.jsonl", help='"-": from input')
    running.add_argument("--order", metavar="ORDER.json", help="values that conditions read")
    for command in (checking, running):
        command.add_argument("file", metavar="FILE.bpmn")
        command.add_argument("--tables", metavar="TABLES.json", help="decision tables by name")
    try:
        options = parser.parse_args(argv)
    except SystemExit as stop:  # a wrong call is told already; --help is none
        return UNREADABLE if stop.code else SOUND
    try:
        if options.command == "check":
            return _check(options, platform)
        return _run(options, platform)
    except _FileError as error:
        print(f"mingchi flow: {error}", file=sys.stderr)
        return UNREADABLE


def _check(options: argparse.Namespace, platform: Callable[[], Platform]) -> int:
    data = _read_file(options.file)
    reading = read_flow(data, registry=Registry())
    findings = list(reading.findings)
    if reading.graph is not None:
        known = platform() if options.kind or _speaks(reading.graph) else _ALONE
        reading, findings = _looked_at(data, options, known)
    if options.json:
        print(_report(options.file, reading, findings))
    else:
        for finding in findings:
            print(f"{options.file}: {finding}")
        if not findings:
            print(f"{options.file}: sound")
    if reading.unreadable:
        return UNREADABLE
    return FINDINGS if findings else SOUND


def _speaks(graph: Graph) -> bool:
    """Whether a flow names steps, or reads more than orders have."""
    return _reads_more(graph) or any(node.step is not None for node in graph.nodes.values())


def _reads_more(graph: Graph) -> bool:
    conditions = Conditions(ORDER)
    ways = [way for node in graph.nodes.values() for way in node.ways]
    try:
        for way in ways:
            if way.condition is not None:
                conditions.compile(way.condition)
    except ConditionError:
        return True
    return False


def _looked_at(
    data: bytes, options: argparse.Namespace, known: Platform
) -> tuple[Reading, list[Finding]]:
    """All checks. Without a kind, steps that are not registered may do anything."""
    kind = None
    if options.kind:
        kind = known.kinds.get(options.kind)
        if kind is None:
            raise _FileError(f"--kind {options.kind}: there are {', '.join(known.kinds)}")
    context = kind.context if kind else known.context
    reading = read_flow(data, registry=known.registry)
    assert reading.graph is not None, "it was read before"
    findings = check(
        reading.graph,
        registry=known.registry,
        conditions=Conditions(context),
        tables=_read_tables(options.tables, context),
        facts=kind.facts if kind else _given(reading.graph, known.registry),
        strict=kind is not None,
        kind=options.kind or "",
    )
    return reading, findings


def _given(graph: Graph, registry: Registry) -> set[str]:
    """Stock is reserved before an order's flow starts: so it is where a step here asks for that
    and none gives it."""
    steps = [registry.get(node.step or "") for node in graph.nodes.values()]
    asks = any(x and x.requires and _RESERVED in x.requires.facts | x.removes for x in steps)
    gives = any(x and _RESERVED in x.provides for x in steps)
    return {_RESERVED} if asks and not gives else set()


def _report(file: str, reading: Reading, findings: list[Finding]) -> str:
    status = "unreadable" if reading.unreadable else "findings" if findings else "sound"
    report = {
        "file": file,
        "status": status,
        "sound": not findings,
        "findings": [finding.to_json() for finding in findings],
    }
    return json.dumps(report, ensure_ascii=False, indent=2)


def _run(options: argparse.Namespace, platform: Callable[[], Platform]) -> int:
    """Exit status 0; 1 where the flow refused an event; 2 where flow or events can't be read."""
    # Without a registry: tasks may end with any outcome.
    reading = read_flow(_read_file(options.file), registry=Registry())
    if reading.graph is None:
        faults = "\n".join(str(finding) for finding in reading.findings)
        raise _FileError(f"{options.file} can't be run:\n{faults}")
    alone = not (options.order or options.tables or _reads_more(reading.graph))
    context = ORDER if alone else platform().context
    values = _values(context, _read_json(options.order) if options.order else {})
    decide = Decider(Conditions(context), values, _read_tables(options.tables, context))
    run = Run(reading.graph, decide)
    refused = False
    for number, line in enumerate(_lines(options.events), 1):
        place = f"{options.events}: line {number}"
        try:
            answer = None if not line.strip() else run.take(read_event(line))
        except EventError as error:
            raise _FileError(f"{place}: {error}") from None
        if answer is not None:
            print(json.dumps(answer, ensure_ascii=False), flush=True)
            if "error" in answer:
                refused = True
                print(f"mingchi flow: {place}: {answer['error']}", file=sys.stderr)
    return FINDINGS if refused else SOUND


def _read_file(path: str) -> bytes:
    """No more of a flow file than tells that it is too big."""
    return _read(path, MOST_BYTES)


def _read_tables(path: str | None, context: Context) -> dict[str, Table] | None:
    if path is None:
        return None
    data = _read_json(path)
    found = data.values() if isinstance(data, dict) else data
    if not isinstance(data, dict | list):
        raise _FileError(f"{path}: decision tables stand in a list, or in an object by name")
    tables = {}
    for number, entry in enumerate(found, 1):
        try:
            table = read_table(entry, context=context)
        except TableError as error:
            raise _FileError(f"{path}: table {number}: {error}") from None
        tables[table.name] = table
    return tables


_ZERO: Final[Mapping[Type, Any]] = {
    Type.INT: 0,
    Type.STRING: "",
    Type.BOOL: False,
    Type.STRINGS: [],
}
_PYTHON: Final = {Type.INT: int, Type.STRING: str, Type.BOOL: bool, Type.STRINGS: list}


def _values(context: Context, data: Any) -> dict[str, Any]:
    """Values of the context from a file; what it leaves out is zero, empty or false."""
    values = {name: _ZERO[variable.type] for name, variable in context.items()}
    if not isinstance(data, dict):
        raise _FileError("the order's values must be an object")
    for name, value in data.items():
        if name not in context:
            raise _FileError(f"an order has no value {name!r}")
        if type(value) is not _PYTHON[context[name].type]:
            raise _FileError(f"the value {name!r} must be of type {context[name].type}")
        values[name] = value
    return values


def _read_json(path: str) -> Any:
    try:
        return json.loads(_read(path, _LARGEST_FILE))
    except (ValueError, RecursionError) as error:
        raise _FileError(f"{path}: not JSON: {error}") from None


def _lines(path: str) -> list[str]:
    data = _read(path, _LARGEST_FILE)
    lines = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if len(line) > _LONGEST_LINE:
            raise _FileError(f"{path}: line {number}: longer than {_LONGEST_LINE} bytes")
        try:
            lines.append(line.decode("utf-8-sig" if number == 1 else "utf-8"))
        except UnicodeDecodeError as error:
            raise _FileError(f"{path}: line {number}: not UTF-8: {error.reason}") from None
    return lines


def _read(path: str, most_bytes: int) -> bytes:
    """The file's bytes; one more than allowed where it is longer."""
    try:
        if path == "-":
            return sys.stdin.buffer.read(most_bytes + 1)
        with open(path, "rb") as file:
            return file.read(most_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: a path that no file can have
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _FileError(f"cannot read {path}: {reason}") from None
