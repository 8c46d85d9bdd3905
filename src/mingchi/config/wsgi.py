"""What the web server runs."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from mingchi.config.processes import signal_when_parent_dies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingchi.config.settings")
# granian's own children: they must not outlive it when it is killed.
signal_when_parent_dies()
application = get_wsgi_application()
# Now rather than by the first request.
import_module(settings.ROOT_URLCONF)
# All this stays for good. Looked through for garbage it stopped every request, now and then, for
# 0.12 s; see `script/bench api`.
gc.collect()
gc.freeze()
