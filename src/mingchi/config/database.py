"""Which PostgreSQL: your own by DATABASE_URL, else one that we run under `var/postgres`."""

import os
from pathlib import Path
from typing import Any

# Safe settings only: fsync and synchronous_commit stay on. The rest gives a settler's batches
# room, which the defaults of PostgreSQL, made for small machines, do not.
EMBEDDED_SETTINGS = {
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "wal_compression": "on",
    "checkpoint_timeout": "15min",
    "max_connections": "100",
    "timezone": "UTC",
}


def ensure_database(folder: Path) -> str:
    """Name the database in DATABASE_URL, starting the embedded one where none is named.

    The embedded server stops with the last process that holds it. Returns the address.
    Raises EmbeddedError where it can't be started.
    """
    url = os.environ.get("DATABASE_URL")
    if not url:
        url = start_embedded(folder)
        os.environ["DATABASE_URL"] = url
    return url


def start_embedded(folder: Path, extra: dict[str, str] | None = None) -> str:
    """Start (or join) the embedded PostgreSQL whose files are in `folder`; returns its address."""
    from mingchi.config import embedded

    return embedded.start(folder, {**EMBEDDED_SETTINGS, **(extra or {})})


def libpq_environment() -> dict[str, str]:
    """DATABASE_URL as the variables that PostgreSQL's own programs read."""
    from psycopg.conninfo import conninfo_to_dict

    names = {"dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD"}
    parts = conninfo_to_dict(os.environ["DATABASE_URL"])
    return {names.get(key, f"PG{key.upper()}"): str(value) for key, value in parts.items()}


def django_database() -> dict[str, Any]:
    """Django's settings for DATABASE_URL; an empty name where nobody named one yet, so that
    commands that need no database (replay, check) start without."""
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(os.environ.get("DATABASE_URL", ""))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.get("dbname", ""),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": parts.get("port", ""),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 3},
        "TEST": {"NAME": os.environ.get("MINGCHI_TEST_DATABASE") or None},
    }
