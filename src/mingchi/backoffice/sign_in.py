"""Signing in to the back office: tried too often, it has to wait."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from unfold.forms import AuthenticationForm

from mingchi.backoffice import access
from mingchi.foundation import rate_limit
from mingchi.foundation.errors import DomainError

PER_NAME, WINDOW_S = 10, 900


class SignInForm(AuthenticationForm):
    """Counts tries by name before it looks at the password."""

    def clean(self) -> dict[str, Any]:
        """The account, or why not; the same answer for an unknown name and a wrong password."""
        name = str(self.cleaned_data.get("username", ""))[:150].lower()
        try:
            rate_limit.hit(name="staff_sign_in", key=name, limit=PER_NAME, window_s=WINDOW_S)
        except DomainError as error:
            raise ValidationError(error.message) from error
        cleaned: dict[str, Any] = super().clean()
        return cleaned


@never_cache
def change_password(request: HttpRequest) -> HttpResponseBase:
    """An own new password; the accounts of the demo are everybody's and keep theirs."""
    if request.user.is_authenticated and access.is_read_only(request.user):
        raise PermissionDenied
    view = admin.site.admin_view(admin.site.password_change)
    answer: HttpResponseBase = view(request)
    return answer
