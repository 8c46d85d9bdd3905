from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MembersConfig(AppConfig):
    name = "mingchi.members"
    verbose_name = _("Members")

    def ready(self) -> None:
        """Have the checks known."""
        from mingchi.members import checks  # noqa: F401
