"""The worker's tasks: on time, of the use cases, harmless when repeated."""

import ast
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from procrastinate.contrib.django import app

from mingchi.worker import tasks

WORK = {
    "cancel_unpaid_orders": "cancel_order.cancel_unpaid",
    "release_expired_stock": "release_expired.release_expired",
    "receive_due_orders": "receive_order.receive_due_orders",
    "withdraw_late_cases": "after_sales.withdraw_late_cases",
    "expire_coupons": "claim_coupons.expire_coupons",
    "activate_due_plans": "publish_plan.activate_due_plans",
    "pay_settled_refunds": "pay_refunds.pay_settled_refunds",
    "send_waiting_notifications": "send_notifications.send_notifications",
    "send_pending_refunds": "pay_refunds.send_pending",
    "watch_open_payments": "watch_payments.watch_payments",
    "send_open_transfers": "withdraw.send_transfers",
    "reconcile_due_days": "reconcile.reconcile_due",
    "prune_images": "keep_images.prune_images",
    "close_due_statements": "state_merchants.close_due_statements",
    "count_units_sold": "count_sales.count_sales",
    "keep_pool_figures": "keep_figures.keep_figures",
}
# What counts all there is asks for no time.
TIMELESS = {"count_units_sold", "keep_pool_figures"}


def periodic() -> dict[str, str]:
    registered = app.periodic_registry.periodic_tasks.values()
    return {task.task.name: task.cron for task in registered}


def test_every_task_has_its_time_and_is_queued_once() -> None:
    assert set(periodic()) == {*WORK, "tidy"}
    for name in periodic():
        assert app.tasks[name].queueing_lock == name


@pytest.mark.parametrize("name", ["tidy", "prune_images"])
def test_what_is_done_at_night_is_done_at_night_here(name: str) -> None:
    due = next(
        one for one in app.periodic_registry.periodic_tasks.values() if one.task.name == name
    )
    following = due.croniter.get_next(ret_type=float, start_time=0.0)
    here = datetime.fromtimestamp(following, tz=ZoneInfo("Asia/Shanghai"))
    assert (here.hour, here.minute) == (3, 30)


@pytest.mark.parametrize(("name", "use_case"), WORK.items())
def test_a_task_asks_its_use_case(
    name: str, use_case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[dict[str, object]] = []
    monkeypatch.setattr(f"mingchi.usecases.{use_case}", lambda **words: called.append(words) or 3)
    monkeypatch.setattr(tasks.connections, "close_all", lambda: None)
    app.tasks[name].func(timestamp=0)
    assert [set(words) for words in called] == [set() if name in TIMELESS else {"now"}]


@pytest.mark.django_db
def test_on_an_empty_platform_nothing_is_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from mingchi.usecases.open_platform import open_platform

    open_platform()
    monkeypatch.setattr(tasks.connections, "close_all", lambda: None)
    for name in periodic():
        app.tasks[name].func(timestamp=0)


def test_use_cases_called_by_the_worker_are_called() -> None:
    """A use case that says it is the worker's is in the table above."""
    meant = set()
    for path in (Path(tasks.__file__).parents[1] / "usecases").glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                told = " ".join((ast.get_docstring(node) or "").split())
                if told.endswith(("alled by the worker.", "or the worker.")):
                    meant.add(f"{path.stem}.{node.name}")
    assert meant == set(WORK.values())
