from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from mingchi.flows import REGISTRY


class UseCasesConfig(AppConfig):
    name = "mingchi.usecases"
    verbose_name = _("Use cases")

    def ready(self) -> None:
        """Register the steps that span domains; all of ours are there then."""
        import_module("mingchi.usecases.steps")
        import_module("mingchi.usecases.flow_subjects").register()
        REGISTRY.verify()
