"""What stands still: holds of staff, and messages that no flow took."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant
from unfold.views import ChangeList

from mingchi.backoffice import audit, desk_path, display
from mingchi.backoffice.acts import Act, Deed
from mingchi.backoffice.pages import Page
from mingchi.foundation import clock
from mingchi.fulfilment.models import Hold, Signal
from mingchi.usecases import hold_subject, steer_flow

SIGNAL_COLOURS = {"stray": "danger", "sent": "warning", "kept": "info", "taken": "success"}


def _lift(deed: Deed) -> Any:
    hold_subject.lift_hold(by=deed.user, hold_id=deed.thing.pk, now=clock.now())
    return _("The hold is lifted; what waited goes on.")


def _dismiss(deed: Deed) -> Any:
    steer_flow.dismiss_signal(by=deed.user, signal_id=deed.thing.pk, now=clock.now())
    return _("Put aside.")


@admin.register(Hold)
class HoldPage(Page):
    """What is held, and why."""

    acts = (
        Act(
            name="lift",
            label=_("Lift the hold"),
            right="flow.hold",
            run=_lift,
            shown=lambda row: row.lifted_at is None,
            icon="lock_open",
            variant=ActionVariant.PRIMARY,
            explain=_("What waited goes on, if nothing else holds it."),
        ),
    )
    ordering = ("-pk",)
    list_display = (
        display.column(_("subject"), desk_path.name, order="subject"),
        "reason",
        "merchant",
        display.column(_("placed by"), lambda row: audit.who(row, "placed_by")),
        "placed_at",
        "lifted_at",
    )
    list_select_related = ("merchant",)
    list_filter = (("lifted_at", admin.EmptyFieldListFilter), "merchant", "placed_at")
    search_fields = ("=subject", "reason")
    fields = (
        ("subject", "merchant"),
        "reason",
        (display.column(_("placed by"), lambda row: audit.who(row, "placed_by")), "placed_at"),
        (display.column(_("lifted by"), lambda row: audit.who(row, "lifted_by")), "lifted_at"),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """With numbers and names."""
        return desk_path.Numbered


@admin.register(Signal)
class SignalPage(Page):
    """Messages to flows; a stray is one that none took."""

    acts = (
        Act(
            name="dismiss",
            label=_("Put aside"),
            right="signal.dismiss",
            run=_dismiss,
            shown=lambda row: row.status == Signal.Status.STRAY,
            icon="done",
            explain=_("Somebody has looked at it; nothing else happens."),
        ),
    )
    ordering = ("-pk",)
    list_display = (
        display.column(_("signal"), lambda row: row.name, order="name"),
        display.column(_("subject"), desk_path.name, order="subject"),
        "merchant",
        display.column(
            _("status"),
            lambda row: (row.status, row.get_status_display()),
            order="status",
            labels=SIGNAL_COLOURS,
        ),
        "sent_at",
    )
    list_select_related = ("merchant",)
    list_filter = ("status", "name", "merchant", "sent_at")
    search_fields = ("=subject", "=name")
    fields = (
        ("name", "subject"),
        ("merchant", display.column(_("status"), lambda row: row.get_status_display())),
        ("sent_at", "closed_at"),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """With numbers and names."""
        return desk_path.Numbered
