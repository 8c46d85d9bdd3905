"""Migrations that make no more classes anew than an operation changes."""

import pytest
from django.core.management import get_commands
from django.db import models
from django.db.migrations import operations
from django.db.migrations.state import ModelState, ProjectState

from mingchi.foundation import migrating


def state(of: type[ProjectState]) -> ProjectState:
    """A chain of tables: each row of one belongs to a row of the one before."""
    made = of()
    for number, name in enumerate(("first", "second", "third", "fourth", "fifth", "sixth")):
        key = [("id", models.AutoField(primary_key=True)), ("size", models.IntegerField())]
        if number:
            before = f"chain.{list(made.models)[-1][1]}"
            key.append(("of", models.ForeignKey(before, models.CASCADE)))
        made.add_model(ModelState("chain", name, key))
    return made


def rendered(found: ProjectState) -> dict[str, type[models.Model]]:
    return {model.__name__: model for model in found.apps.get_models()}


INDEX = models.Index(fields=["size"], name="by_size")
POSITIVE = models.CheckConstraint(condition=models.Q(size__gt=0), name="size_positive")
NEW = [
    ("id", models.AutoField(primary_key=True)),
    ("of", models.ForeignKey("chain.first", models.CASCADE)),
]
# Each with the classes that it changes.
OPERATIONS = {
    "an index": (operations.AddIndex("first", INDEX), set()),
    "a constraint": (operations.AddConstraint("first", POSITIVE), set()),
    "a field": (operations.AddField("first", "name", models.TextField()), {"first", "second"}),
    "a relation": (
        operations.AddField("third", "also", models.ForeignKey("chain.second", models.CASCADE)),
        {"first", "second", "third", "fourth"},
    ),
    "a table": (operations.CreateModel("seventh", NEW), {"first", "second", "seventh"}),
}


@pytest.mark.parametrize(("operation", "changed"), OPERATIONS.values(), ids=OPERATIONS)
def test_nothing_far_from_it_is_made_anew(
    operation: operations.base.Operation, changed: set[str]
) -> None:
    ours, djangos = state(migrating.State), state(ProjectState)
    before = rendered(ours)
    ours = ours.clone()
    for one in (ours, djangos):
        operation.state_forwards("chain", one)
    after = rendered(ours)
    assert {name for name in after if after[name] is not before.get(name)} == changed
    assert ours.models == djangos.models
    assert ours.is_delayed


def test_a_class_knows_its_indexes_and_constraints() -> None:
    found = state(migrating.State)
    first = rendered(found)["first"]
    found.add_index("chain", "first", INDEX)
    found.add_constraint("chain", "first", POSITIVE)
    assert rendered(found)["first"] is first
    assert (first._meta.indexes, first._meta.constraints) == ([INDEX], [POSITIVE])
    found.remove_index("chain", "first", "by_size")
    found.remove_constraint("chain", "first", "size_positive")
    assert (first._meta.indexes, first._meta.constraints) == ([], [])


def test_a_migration_that_asks_for_rows_gets_all_classes_anew() -> None:
    found = state(migrating.State)
    before = rendered(found)
    found.add_index("chain", "first", INDEX)
    found.clear_delayed_apps_cache()  # as RunPython does
    after = rendered(found)
    assert all(after[name] is not before[name] for name in before)


def test_migrate_is_ours() -> None:
    assert get_commands()["migrate"] == "mingchi.foundation"
