"""What a settler's process needs, imported once; each settler is forked from it."""

import os
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingchi.config.settings")

import django
from django.apps import apps

if not apps.ready:
    django.setup()

from django.conf import settings
from django.db import connection, connections

from mingchi.worker import settler


def settle(database: dict[str, str], var: str, log: str) -> None:
    """What `mingchi settle` does, from where its imports are done."""
    out = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    connections.close_all()
    connection.settings_dict.update(database)
    settings.VAR = Path(var)
    raise SystemExit(settler.run())
