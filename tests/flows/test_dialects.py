"""A hundred and twenty files of other modellers: each compiles or is refused with a list."""

import pytest
from tests.flows.dialects import DIALECTS, Dialect, write
from tests.flows.stepping import CONDITIONS

from mingchi.flows.checks import check
from mingchi.flows.reading import read_flow
from mingchi.flows.steps import Registry

FILES = 10


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_file_of_another_modeller_compiles_or_is_refused_with_a_list(dialect: Dialect) -> None:
    for seed in range(FILES):
        reading = read_flow(write(dialect, seed), registry=Registry())
        assert not reading.unreadable, reading.findings
        if dialect.refused:
            assert reading.graph is None
            assert {finding.code for finding in reading.findings} == {dialect.refused}
        else:
            assert reading.graph is not None, reading.findings
        for finding in reading.findings:
            assert finding.line > 1
            assert finding.element


def test_a_compiled_file_of_another_modeller_asks_for_what_is_ours() -> None:
    """It has no roles and steps yet: the checker says where, instead of publishing it."""
    for dialect in DIALECTS:
        for seed in range(0 if dialect.refused else FILES):
            graph = read_flow(write(dialect, seed), registry=Registry()).graph
            assert graph is not None
            found = check(graph, registry=Registry(), conditions=CONDITIONS, strict=False)
            codes = {finding.code for finding in found}
            assert codes <= ({"no-role", "no-step"} if not dialect.ours else set())
