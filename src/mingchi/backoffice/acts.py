"""What staff can do with a thing: a form, a check of who may, and one use case."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from unfold.enums import ActionVariant

from mingchi.backoffice import access
from mingchi.backoffice.display import Text
from mingchi.backoffice.panels import Panel
from mingchi.foundation.errors import DomainError


class ActForm(forms.Form):
    """A form of an act; one that depends on who asks, or on what, says so in `prepare`."""

    def prepare(self, request: HttpRequest, thing: Any) -> None:
        """Called before the form is shown or checked."""


PREVIEW = "_preview"
LOOKS = {ActionVariant.PRIMARY: "primary", ActionVariant.DANGER: "danger"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing being done: who asks, on what, with which answers to the form."""

    request: HttpRequest
    thing: Any
    values: dict[str, Any]

    @property
    def user(self) -> Any:
        """The account that acts."""
        return self.request.user

    @property
    def by(self) -> str:
        """The actor as audit records and proposals name it."""
        return f"user:{self.user.pk}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A button and what is behind it.

    `run` calls a use case and returns what to say then; it may raise DomainError, which is shown
    at the field it names. `thing` is None for an act on a whole list. `shown` leaves the button
    away where the act can't apply; the use case refuses it in any case. `preview`: the label of a
    second button, which shows the panels anew for what the form says and does nothing.
    """

    name: str
    label: Text
    run: Callable[[Deed], Text]
    right: str
    form: type[ActForm] = ActForm
    shown: Callable[[Any], bool] = lambda thing: True
    mine: Callable[[HttpRequest, Any], bool] = lambda request, thing: True
    initial: Callable[[Any], dict[str, Any]] = lambda thing: {}
    explain: Text = ""
    panels: Callable[[HttpRequest, Any], Sequence[Panel]] = lambda request, thing: ()
    icon: str = "play_arrow"
    variant: ActionVariant = ActionVariant.DEFAULT
    to: Callable[[Any], str] | None = None
    template: str = "backoffice/act.html"
    submit: Text = ""
    preview: Text = ""


class ActsMixin:
    """Gives a page buttons for its acts. Mixed into a ModelAdmin."""

    acts: Sequence[Act] = ()
    list_acts: Sequence[Act] = ()
    model: Any
    admin_site: Any
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        """The pages of acts, before those of Django."""
        view = self.admin_site.admin_view
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [
            path("do/<slug:act>/", view(self.do_on_list), name=f"{name}_do_on_list"),
            path("<path:object_id>/do/<slug:act>/", view(self.do), name=f"{name}_do"),
        ]
        return own + super().get_urls()  # type: ignore[misc, no-any-return]

    def do(self, request: HttpRequest, object_id: str, act: str) -> HttpResponse:
        """Run an act on one thing."""
        thing = self.get_object(request, object_id)  # type: ignore[attr-defined]
        if thing is None:
            raise Http404
        return self._run(request, _named(self.acts, act), thing)

    def do_on_list(self, request: HttpRequest, act: str) -> HttpResponse:
        """Run an act that has no thing yet."""
        return self._run(request, _named(self.list_acts, act), None)

    def buttons(self, request: HttpRequest, thing: Any) -> list[dict[str, Any]]:
        """The acts that this account may run on this thing now, as Unfold shows them."""
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            return []
        acts = self.list_acts if thing is None else self.acts
        return [
            {
                "name": act.name,
                "title": act.label,
                "icon": act.icon,
                "look": LOOKS.get(act.variant, "default"),
                "path": self._path(act, thing),
            }
            for act in acts
            if self.may(request, act, thing) and act.shown(thing) and act.mine(request, thing)
        ]

    def may(self, request: HttpRequest, act: Act, thing: Any) -> bool:
        """Whether the account's roles allow the act here."""
        if thing is None:
            return access.may_do_somewhere(request.user, act.right)
        return access.may_do(request.user, act.right, merchant_id=merchant_of(thing))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Django's page of one thing, with its buttons and panels."""
        response = super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[misc]
        context: dict[str, Any] = getattr(response, "context_data", None) or {}
        thing = context.get("original")
        if thing is not None:
            context["bo_buttons"] = self.buttons(request, thing)
            context["panels"] = self.get_panels(request, thing)
        return response

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Django's list, with the buttons that need no row."""
        response = super().changelist_view(request, extra_context)  # type: ignore[misc]
        if getattr(response, "context_data", None):
            response.context_data["bo_buttons"] = self.buttons(request, None)
        return response

    def get_panels(self, request: HttpRequest, thing: Any) -> Sequence[Panel]:
        """What else the page of one thing shows."""
        return ()

    def _path(self, act: Act, thing: Any) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        if thing is None:
            return reverse(f"{name}_do_on_list", args=[act.name])
        return reverse(f"{name}_do", args=[thing.pk, act.name])

    def _home(self, thing: Any) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        if thing is None:
            return reverse(f"{name}_changelist")
        return reverse(f"{name}_change", args=[thing.pk])

    def _run(self, request: HttpRequest, act: Act, thing: Any) -> HttpResponse:
        seen = self.has_view_permission(request, thing)  # type: ignore[attr-defined]
        if not seen or not self.may(request, act, thing) or not act.mine(request, thing):
            raise PermissionDenied
        if thing is not None and not act.shown(thing):
            messages.warning(request, _("That can't be done now."))
            return HttpResponseRedirect(self._home(thing))
        form = _form(act, request, thing)
        if request.method == "POST" and PREVIEW not in request.POST and form.is_valid():
            deed = Deed(request=request, thing=thing, values=form.cleaned_data)
            said = _try(act, deed, form)
            if said is not None:
                messages.success(request, str(said))
                return HttpResponseRedirect(act.to(thing) if act.to else self._home(thing))
        return self._page(request, act, thing, form)

    def _page(
        self, request: HttpRequest, act: Act, thing: Any, form: forms.Form
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": act.label,
            "subtitle": str(thing) if thing is not None else None,
            "act": act,
            "thing": thing,
            "form": form,
            "panels": act.panels(request, thing),
            "back": self._home(thing),
            "is_danger": act.variant == ActionVariant.DANGER,
            "media": form.media,
        }
        return TemplateResponse(request, act.template, context)


def merchant_of(thing: Any) -> int | None:
    """The merchant whose row this is; None for what belongs to the platform."""
    path_to = getattr(thing, "MERCHANT_PATH", None)
    if thing is None or path_to is None:
        return None
    if path_to == "pk":
        return int(thing.pk)
    for name in path_to.split("__"):
        thing = getattr(thing, name)
    return None if thing is None else int(thing.pk)


def _named(acts: Sequence[Act], name: str) -> Act:
    for act in acts:
        if act.name == name:
            return act
    raise Http404


def _form(act: Act, request: HttpRequest, thing: Any) -> ActForm:
    sent = request.method == "POST"
    data, files = (request.POST, request.FILES) if sent else (None, None)
    form = act.form(data, files, initial=act.initial(thing))
    form.prepare(request, thing)
    return form


def _try(act: Act, deed: Deed, form: forms.Form) -> Text | None:
    """What to say, or None where the use case refused and the form says why."""
    try:
        return act.run(deed)
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return None
