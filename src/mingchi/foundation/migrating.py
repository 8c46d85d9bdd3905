"""Migrations in a third of the time: the same statements, and less in between.

While migrations run, Django keeps model classes of how the tables stand just then, and after each
operation makes anew whatever is related to what it changed, however distantly; in a database where
nearly all tables are related that is nearly all of them. What adds something changes no class
further away than its neighbours' neighbours, and an index or a constraint changes none. Django
knows this way itself, for fields without relations: the state counts as *delayed*, and a migration
that asks the classes for rows (`RunPython`) gets all of them made anew first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import Field


class State(ProjectState):
    """How the tables stand, with classes made anew only near to what was added."""

    _adding = False

    def clone(self) -> "State":
        return of(super().clone())

    def add_model(self, model_state: ModelState) -> None:
        with self._only_neighbours():
            super().add_model(model_state)

    def add_field(
        self,
        app_label: str,
        model_name: str,
        name: str,
        field: "Field[Any, Any]",
        preserve_default: Any,
    ) -> None:
        with self._only_neighbours():
            super().add_field(app_label, model_name, name, field, preserve_default)

    def reload_model(self, app_label: str, model_name: str, delay: bool = False) -> None:
        super().reload_model(app_label, model_name, delay or self._adding)

    def _append_option(self, app_label: str, model_name: str, option_name: str, obj: Any) -> None:
        options = self.models[app_label, model_name].options
        self._set_option(app_label, model_name, option_name, [*options[option_name], obj])

    def _remove_option(
        self, app_label: str, model_name: str, option_name: str, obj_name: str
    ) -> None:
        options = self.models[app_label, model_name].options
        left = [one for one in options[option_name] if one.name != obj_name]
        self._set_option(app_label, model_name, option_name, left)

    def _set_option(
        self, app_label: str, model_name: str, option_name: str, objects: list[Any]
    ) -> None:
        """Indexes and constraints; the class is told, since who alters a field asks it for them."""
        self.models[app_label, model_name].options[option_name] = objects
        if "apps" in self.__dict__:  # `self.apps` would make all classes
            self.is_delayed = True
            setattr(self.apps.get_model(app_label, model_name)._meta, option_name, objects)

    @contextmanager
    def _only_neighbours(self) -> Iterator[None]:
        self._adding = True
        try:
            yield
        finally:
            self._adding = False


class Executor(MigrationExecutor):
    """Django's, on such a state."""

    def _create_project_state(self, with_applied_migrations: bool = False) -> State:
        return of(super()._create_project_state(with_applied_migrations))  # type: ignore[misc]


def of(state: ProjectState) -> State:
    """The same state: Django names its own class where it makes one."""
    state.__class__ = State
    assert isinstance(state, State)
    return state
