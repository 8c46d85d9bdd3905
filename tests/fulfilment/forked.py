"""A worker's flow loops in a process of its own, with steps that leave a row for each time they
ran: in our database, or (through a connection of their own) at a gateway."""

import os
import time
from collections.abc import Mapping
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mingchi.config.settings")

import django
from django.apps import apps

if not apps.ready:
    django.setup()

import psycopg
from django.db import connection, connections

from mingchi.flows import REGISTRY, StepContext
from mingchi.flows.context import ORDER
from mingchi.fulfilment import subjects
from mingchi.fulfilment.subjects import Subjects
from mingchi.worker import flows

TABLES = (
    "CREATE TABLE IF NOT EXISTS test_effect (key text, step text)",
    "CREATE TABLE IF NOT EXISTS test_gateway (key text, step text)",
)
# The gateway takes its time, so that a kill often comes while it is being called.
GATEWAY_TAKES_S = 0.02


def address() -> str:
    about = connection.settings_dict
    return f"postgresql://{about['USER']}:@/{about['NAME']}?host={about['HOST']}"


def effect(context: StepContext) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO test_effect VALUES (%s, %s)", [context.key, context.step])
    return None


def call(context: StepContext) -> str | None:
    time.sleep(GATEWAY_TAKES_S)
    with psycopg.connect(address(), autocommit=True) as gateway:
        gateway.execute("INSERT INTO test_gateway VALUES (%s, %s)", [context.key, context.step])
    time.sleep(GATEWAY_TAKES_S)
    return None


def ask(context: StepContext) -> str | None:
    with psycopg.connect(address(), autocommit=True) as gateway:
        found = gateway.execute("SELECT 1 FROM test_gateway WHERE key = %s", [context.key])
        return "done" if found.fetchone() else None


def register(merchant_id: int) -> None:
    """The subjects and steps of the test, in whichever process."""

    def values(subject: str) -> Mapping[str, Any]:
        return {"amount_fen": 100, "channel": "app"}

    subjects.register(
        "order",
        Subjects(
            context=ORDER,
            values=values,
            merchant=lambda subject: merchant_id,
            lock=lambda subject: None,
            recent=lambda merchant, limit: [],
        ),
    )
    if "kill.own" not in REGISTRY:
        REGISTRY.step("kill.own")(effect)
        REGISTRY.step("kill.outside", outside=True, ask=ask)(call)


def work(database: dict[str, str], merchant_id: int, log: str) -> None:
    """What `mingchi worker` does for flows, until it is killed."""
    out = os.open(log, os.O_WRONLY | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    connections.close_all()
    connection.settings_dict.update(database)
    register(merchant_id)
    with flows.running():
        print("working", flush=True)
        while os.getppid() > 1:
            time.sleep(0.1)
