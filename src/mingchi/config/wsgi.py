"""What the web server runs."""

import os

from django.core.wsgi import get_wsgi_application

from mingchi.config.processes import signal_when_parent_dies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingchi.config.settings")
# granian's own children: they must not outlive it when it is killed.
signal_when_parent_dies()
application = get_wsgi_application()
