"""Fields of the back office's forms: people type yuan and points, programs get integers."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from mingchi.backoffice import display

MAX_DIGITS = 16
NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


class _WholeUnits(forms.CharField):
    """A decimal number that becomes an integer of a smaller unit."""

    places: int
    too_fine: Any

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}))
        super().__init__(**options)

    def clean(self, value: Any) -> int | None:
        text = str(super().clean(value)).replace(",", "").strip()
        if not text:
            return None
        if len(text) > MAX_DIGITS or not NUMBER.fullmatch(text):
            raise ValidationError(_("This is no amount."))
        whole = Decimal(text).scaleb(self.places)
        if whole != whole.to_integral_value():
            raise ValidationError(self.too_fine)
        return int(whole)


class YuanField(_WholeUnits):
    """Yuan with at most two decimals; cleans to fen."""

    places = 2
    too_fine = _("Money has at most two decimals.")

    def prepare_value(self, value: Any) -> Any:
        """Fen are shown in yuan, without separators; what was typed stays."""
        return display.yuan(value).replace(",", "") if isinstance(value, int) else value


class PercentField(_WholeUnits):
    """A percentage with at most four decimals; cleans to parts per million."""

    places = 4
    too_fine = _("A percentage has at most four decimals.")

    def prepare_value(self, value: Any) -> Any:
        """Parts per million are shown in percent; what was typed stays."""
        return display.percent(value).removesuffix("%") if isinstance(value, int) else value


class PointsField(_WholeUnits):
    """Points with at most six decimals; cleans to micro-points."""

    places = 6
    too_fine = _("Points have at most six decimals.")


def text(
    label: display.Text, *, required: bool = True, help_text: display.Text = "", length: int = 200
) -> forms.CharField:
    """One line."""
    return forms.CharField(
        label=label,
        required=required,
        max_length=length,
        help_text=help_text,
        widget=UnfoldAdminTextInputWidget(),
    )


def reason(*, required: bool = True) -> forms.CharField:
    """Why; kept in the audit log."""
    return text(_("reason"), required=required, help_text=_("It is kept in the audit log."))


def whole(
    label: display.Text,
    *,
    low: int = 0,
    high: int = 10**15,
    initial: int | None = None,
    required: bool = True,
    help_text: display.Text = "",
) -> forms.IntegerField:
    """An integer within bounds."""
    return forms.IntegerField(
        label=label,
        min_value=low,
        max_value=high,
        initial=initial,
        required=required,
        help_text=help_text,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
    )


def choice(
    label: display.Text, choices: Any, *, required: bool = True, help_text: display.Text = ""
) -> forms.ChoiceField:
    """One of some; `choices` may be callable."""
    return forms.ChoiceField(
        label=label,
        choices=choices,
        required=required,
        help_text=help_text,
        widget=UnfoldAdminSelectWidget(),
    )


def several(
    label: display.Text, choices: Any, *, help_text: display.Text = ""
) -> forms.MultipleChoiceField:
    """Some of many, with a field to search in; `choices` may be callable."""
    return forms.MultipleChoiceField(
        label=label,
        choices=choices,
        required=False,
        help_text=help_text,
        widget=UnfoldAdminSelect2MultipleWidget(),
    )


def switch(label: display.Text, *, help_text: display.Text = "") -> forms.BooleanField:
    """Yes or no."""
    return forms.BooleanField(
        label=label, required=False, help_text=help_text, widget=UnfoldBooleanSwitchWidget()
    )


def moment(
    label: display.Text, *, required: bool = True, help_text: display.Text = ""
) -> forms.SplitDateTimeField:
    """Date and time in the platform's zone."""
    return forms.SplitDateTimeField(
        label=label,
        required=required,
        help_text=help_text,
        widget=UnfoldAdminSplitDateTimeWidget(),
    )


def paragraphs(
    label: display.Text,
    *,
    length: int,
    rows: int = 6,
    required: bool = False,
    help_text: display.Text = "",
) -> forms.CharField:
    """Several lines of text."""
    return forms.CharField(
        label=label,
        required=required,
        max_length=length,
        help_text=help_text,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": rows}),
    )


def version() -> forms.IntegerField:
    """What the page showed, so that a change made in between is not lost."""
    return forms.IntegerField(widget=forms.HiddenInput())


class PictureInput(UnfoldAdminFileFieldWidget):
    """A file; the browser offers pictures only."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"accept": "image/jpeg,image/png,image/webp", **(attrs or {})})


class SeveralPicturesInput(PictureInput):
    """Several files at once."""

    allow_multiple_selected = True

    def __init__(self) -> None:
        super().__init__({"multiple": True})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name)


class PicturesField(forms.FileField):
    """Several files; cleans to a list, empty where none was chosen."""

    widget = SeveralPicturesInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        chosen = data if isinstance(data, list | tuple) else [data]
        given = [each for each in chosen if each is not None and each is not False]
        return [super(PicturesField, self).clean(each, initial) for each in given]


def picture(label: display.Text, *, help_text: display.Text = "") -> forms.FileField:
    """One picture, or none chosen."""
    return forms.FileField(label=label, required=False, help_text=help_text, widget=PictureInput())


def long_text(label: display.Text, *, rows: int = 20) -> forms.CharField:
    """Several lines in a type that keeps columns."""
    widget = UnfoldAdminTextareaWidget(
        attrs={"rows": rows, "class": "bo-code", "spellcheck": "false"}
    )
    return forms.CharField(label=label, widget=widget, max_length=100_000, strip=False)
