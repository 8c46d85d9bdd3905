"""Tables that every domain stands on."""

from django.contrib.auth.models import AbstractUser
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """Somebody who signs in to the back office: staff of the platform or of a merchant.

    Members of the shop are no users; they stand in `members`.
    """

    class Meta:
        verbose_name = _("staff account")
        verbose_name_plural = _("staff accounts")
