"""What the demo's merchants earned: statements of the months that are over, a payout paid, another
one proposed."""

from datetime import timedelta

from django.utils import timezone

from mingchi.foundation.errors import ConflictError
from mingchi.ledger import accounts, balances
from mingchi.merchants.models import Merchant
from mingchi.usecases.demo.world import World
from mingchi.usecases.pay_merchants import ask_payout, decide_payout, pay_payout, state_account
from mingchi.usecases.state_merchants import close_statement


def settle_up(world: World) -> None:
    """As of the demo's last day."""
    merchants = list(Merchant.objects.filter(is_demo=True).order_by("pk"))
    for number, merchant in enumerate(merchants):
        for period in _months(world):
            _close(world, merchant, period)
        state_account(
            by=world.staff["finance"],
            merchant_id=merchant.pk,
            holder=f"{merchant.name}有限公司",
            bank="示例银行 杭州分行",
            number=f"62220000{number:04d}{merchant.pk:04d}",
            now=world.end,
        )
        _pay_out(world, merchant, is_paid=number == 0)


def _months(world: World) -> list[str]:
    """Those that began in the demo's days and are over, the first first."""
    months, month = [], timezone.localtime(world.start).replace(day=1)
    while (following := (month + timedelta(days=32)).replace(day=1)) <= world.end:
        months.append(month.strftime("%Y-%m"))
        month = following
    return months


def _close(world: World, merchant: Merchant, period: str) -> None:
    try:
        close_statement(
            by=world.staff["finance"], merchant_id=merchant.pk, period=period, now=world.end
        )
    except ConflictError as refusal:
        if refusal.code not in ("nothing_to_state", "period_not_over"):
            raise


def _pay_out(world: World, merchant: Merchant, *, is_paid: bool) -> None:
    available_fen = balances.balance(accounts.merchant(merchant.pk)).available_fen
    amount_fen = available_fen // 2 // 10_000 * 10_000
    if amount_fen < 1:
        return
    asked = ask_payout(
        by=world.staff["tea-finance"] if is_paid else world.staff["finance"],
        merchant_id=merchant.pk,
        amount_fen=amount_fen,
        idempotency_key=world.key("payout", merchant.pk),
        now=world.end,
    )
    if is_paid:
        by, payout_id = world.staff["finance"], asked.payout_id
        decide_payout(by=by, payout_id=payout_id, approve=True, now=world.end)
        pay_payout(by=by, payout_id=payout_id, now=world.end)
