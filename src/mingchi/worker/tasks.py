"""What happens because time has passed. Each task asks one use case; what it works on it finds in
the database, so a task that ran twice, late or not at all does no harm: the next one does the rest.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from procrastinate.contrib.django import app

from mingchi.foundation import clock, context, idempotency, rate_limit
from mingchi.fulfilment import pruning
from mingchi.members import services as members
from mingchi.members import wechat
from mingchi.usecases import (
    after_sales,
    cancel_order,
    claim_coupons,
    count_sales,
    keep_figures,
    keep_images,
    pay_refunds,
    publish_plan,
    receive_order,
    reconcile,
    release_expired,
    send_notifications,
    state_merchants,
    watch_payments,
    withdraw,
)
from mingchi.worker import flows

EVERY_TEN_SECONDS = "* * * * * */10"
EVERY_MINUTE = "* * * * *"
EVERY_TEN_MINUTES = "*/10 * * * *"
EVERY_HOUR = "20 * * * *"
STOP_TIMEOUT_S = 8  # less than the supervisor grants

log = structlog.get_logger(__name__)


def daily(hour: int, minute: int) -> str:
    """When a task is due each day, by the platform's clock: the queue reads times as UTC."""
    here = datetime(2026, 1, 1, hour, minute, tzinfo=ZoneInfo(settings.TIME_ZONE))
    return f"{here.astimezone(UTC):%M %H} * * *"


EVERY_NIGHT = daily(3, 30)


def periodic(cron: str) -> Callable[[Callable[[], object]], Callable[[int], None]]:
    """Make a task of a function, called when `cron` says; never queued twice."""

    def make(work: Callable[[], object]) -> Callable[[int], None]:
        name = work.__name__

        def task(timestamp: int) -> None:
            with context.bound(request_id=context.new_request_id()):
                try:
                    done = work()
                    if done:
                        log.info("task_done", task=name, done=done)
                finally:
                    # Tasks run in threads of their own, which come and go.
                    connections.close_all()

        app.periodic(cron=cron, periodic_id=name)(
            app.task(name=name, queueing_lock=name, pass_context=False)(task)
        )
        return task

    return make


@periodic(EVERY_MINUTE)
def cancel_unpaid_orders() -> int:
    return cancel_order.cancel_unpaid(now=clock.now())


@periodic(EVERY_MINUTE)
def release_expired_stock() -> int:
    return release_expired.release_expired(now=clock.now())


@periodic(EVERY_MINUTE)
def receive_due_orders() -> int:
    return receive_order.receive_due_orders(now=clock.now())


@periodic(EVERY_MINUTE)
def withdraw_late_cases() -> int:
    return after_sales.withdraw_late_cases(now=clock.now())


@periodic(EVERY_MINUTE)
def expire_coupons() -> int:
    return claim_coupons.expire_coupons(now=clock.now())


@periodic(EVERY_MINUTE)
def activate_due_plans() -> int:
    return publish_plan.activate_due_plans(now=clock.now())


@periodic(EVERY_TEN_SECONDS)
def pay_settled_refunds() -> int:
    return pay_refunds.pay_settled_refunds(now=clock.now())


@periodic(EVERY_TEN_SECONDS)
def send_pending_refunds() -> int:
    return pay_refunds.send_pending(now=clock.now())


@periodic(EVERY_TEN_SECONDS)
def watch_open_payments() -> int:
    return watch_payments.watch_payments(now=clock.now())


@periodic(EVERY_TEN_SECONDS)
def send_open_transfers() -> int:
    return withdraw.send_transfers(now=clock.now())


@periodic(EVERY_HOUR)
def reconcile_due_days() -> int:
    return reconcile.reconcile_due(now=clock.now())


@periodic(EVERY_TEN_SECONDS)
def send_waiting_notifications() -> int:
    return send_notifications.send_notifications(now=clock.now())


@periodic(EVERY_TEN_MINUTES)
def count_units_sold() -> int:
    return count_sales.count_sales()


@periodic(EVERY_TEN_MINUTES)
def keep_pool_figures() -> int:
    return keep_figures.keep_figures()


@periodic(EVERY_HOUR)
def close_due_statements() -> int:
    return state_merchants.close_due_statements(now=clock.now())


@periodic(EVERY_NIGHT)
def prune_images() -> int:
    return keep_images.prune_images(now=clock.now())


@periodic(EVERY_NIGHT)
def tidy() -> int:
    """Forget answers and counts that nobody can ask for any more, ended sessions, and what moved
    flows that ended long ago."""
    now = clock.now()
    call_command("clearsessions")
    tokens = members.prune_tokens(now=now) + wechat.prune_tickets(now=now)
    moved = pruning.prune(before=now - timedelta(days=settings.FLOW_KEEP_DAYS))
    return tokens + moved + idempotency.prune() + rate_limit.prune()


def run() -> int:
    """Work until asked to stop."""
    # Its lines for each job would drown ours; what fails is logged as an error.
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]
    with flows.running(), app.replace_connector(connector) as worker:
        worker.run_worker(
            delete_jobs="successful", shutdown_graceful_timeout=STOP_TIMEOUT_S, concurrency=2
        )
    return 0
