"""What every page of the back office has in common."""

from functools import cache
from typing import Any

from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from mingchi.backoffice import access, display
from mingchi.backoffice.acts import ActsMixin
from mingchi.backoffice.display import Text
from mingchi.foundation.models import User
from mingchi.merchants import scope


class Page(ActsMixin, ModelAdmin):
    """A page that shows and does not save: what changes goes through acts.

    A merchant's staff see the rows of their merchant, wherever the model says whose a row is.
    `empty` stands in a list without rows: where they come from, and what to do.
    """

    empty: Text = ""

    actions = None
    list_per_page = 50
    show_full_result_count = False
    list_filter_sheet = True
    list_fullwidth = True
    compressed_fields = True
    change_form_outer_before_template = "backoffice/buttons.html"
    change_form_outer_after_template = "backoffice/panels.html"
    list_before_template = "backoffice/buttons.html"
    view_on_site = False

    @property
    def label(self) -> str:
        """How the table of rights names this page's model."""
        return f"{self.opts.app_label}.{self.opts.model_name}"

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether any of the app's pages shows in the menu."""
        return access.sees(request.user, self.label)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """By the table of rights; rows of others are not in the queryset at all."""
        return access.sees(request.user, self.label)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nothing is added here but by acts."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is changed here but by acts."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is ever deleted here."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """All rows, or those of the account's merchants."""
        rows: QuerySet[Any] = super().get_queryset(request)
        if not hasattr(self.model, "MERCHANT_PATH"):
            return rows
        assert isinstance(request.user, User)
        return scope.for_user(rows, request.user)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """With links of ours to other things: Django's lead there whoever looks."""
        return [
            (title, {**options, "fields": [_linked(self.model, row) for row in options["fields"]]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whatever the page lays out is shown and not edited."""
        from django.contrib.admin.utils import flatten_fieldsets

        declared = list(super().get_readonly_fields(request, obj))
        if self.has_change_permission(request, obj) or not (self.fields or self.fieldsets):
            return declared
        laid_out = flatten_fieldsets(self.get_fieldsets(request, obj))
        return [*declared, *(name for name in laid_out if name not in declared)]


def _linked(model: type[Model], row: Any) -> Any:
    """A row of fields, those that point to another thing as columns."""
    if isinstance(row, (tuple, list)):
        return tuple(_linked(model, name) for name in row)
    if not isinstance(row, str) or row not in _pointing(model):
        return row
    return _pointing(model)[row]


@cache
def _pointing(model: type[Model]) -> dict[str, display.Column]:
    """A column for each foreign key: the same one whenever asked, as Django compares them."""
    keys = [each for each in model._meta.get_fields() if isinstance(each, ForeignKey)]
    return {each.name: _link_column(each) for each in keys}


def _link_column(key: ForeignKey[Any, Any]) -> display.Column:
    return display.column(key.verbose_name, lambda thing: display.link(getattr(thing, key.name)))
