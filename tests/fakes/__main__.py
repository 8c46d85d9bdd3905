"""Both fakes with pages and buttons, to try payments out by hand: `script/fake-gateways`."""

import argparse
import html
import shlex
import threading
from datetime import UTC, datetime
from urllib.parse import urlsplit

import requests
from tests.fakes.alipay import FakeAlipay
from tests.fakes.serving import Answer
from tests.fakes.wechat import FakeWechat


def page(title: str, *lines: str) -> Answer:
    """A page of ours, in the browser of whoever tries."""
    body = f"<!doctype html><meta charset=utf-8><title>{title}</title><h1>{title}</h1>"
    return Answer(
        200, (body + "".join(lines)).encode(), {"Content-Type": "text/html; charset=utf-8"}
    )


def button(path: str, label: str) -> str:
    """Does it by POST."""
    return f'<form method=post action="{html.escape(path)}"><button>{label}</button></form>'


class Pages:
    """What both offer: a list, and a button at each trade. Mixed into a fake."""

    title: str

    def pages(self, method: str, path: str) -> Answer | None:
        """A page, or None for what the API answers."""
        words = urlsplit(path).path.strip("/").split("/")
        if words == [""]:
            return self.overview()
        if words[0] not in ("pay", "take", "lie"):
            return None
        if method == "POST":
            self.press(words[0], words[1])
            self.notify(words[1])
            return page(self.title, "<p>好了 Done.</p><a href=/>←</a>")
        return page(self.title, button(f"/pay/{words[1]}", "支付 Pay"))

    def overview(self) -> Answer:
        """Everything with its buttons."""
        fake: FakeWechat = self  # type: ignore[assignment]
        rows = [
            f"<p>{trade.number} ¥{trade.amount_fen / 100:.2f} {trade.state}"
            + button(f"/pay/{trade.number}", "支付 Pay")
            for trade in fake.trades.values()
        ]
        rows += [
            f"<p>{each.number} ¥{each.amount_fen / 100:.2f} {each.state}"
            + button(f"/take/{each.number}", "收下 Take")
            + button(f"/lie/{each.number}", "过期 Let lie")
            for each in fake.transfers.values()
        ]
        return page(self.title, *(rows or ["<p>…"]))

    def press(self, what: str, number: str) -> None:
        """Do what the button says."""
        fake: FakeWechat = self  # type: ignore[assignment]
        if what == "pay":
            fake.pay(number)
        elif what == "take":
            fake.end_transfer(number, "SUCCESS")
        else:
            fake.end_transfer(number, "FAIL", "OVERDUE_CLOSE")

    def notify(self, number: str) -> None:
        """Tell the platform, as the real one would: at the address it gave."""
        fake: FakeWechat = self  # type: ignore[assignment]
        trade = fake.trades.get(number)
        body, headers = fake.notice(number, at=datetime.now(UTC))
        url = trade.notify_url if trade else self.transfers_url
        answer = requests.post(url, data=body, headers=headers, timeout=10)
        print(f"{self.title}: told of {number}, answered {answer.status_code} {answer.text[:80]}")

    transfers_url = ""


class Wechat(Pages, FakeWechat):
    """With pages; the H5 address leads to one."""

    title = "微信支付（仿） WeChat Pay, fake"

    def _handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        return self.pages(method, path) or super()._handle(method, path, headers, body)


class Alipay(Pages, FakeAlipay):
    """With pages; the WAP address leads to one."""

    title = "支付宝（仿） Alipay, fake"

    def _handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        found = self.pages(method, path)
        if found is not None:
            return found
        if method == "GET" and "alipay.trade.wap.pay" in path:
            trade = self.open(path)
            return page(self.title, button(f"/pay/{trade.number}", "支付 Pay"))
        return super()._handle(method, path, headers, body)


def main() -> None:
    """Print what a platform must be told, then answer until stopped."""
    parser = argparse.ArgumentParser(prog="script/fake-gateways", description=__doc__)
    parser.add_argument("--platform", default="http://127.0.0.1:8000", help="where Mingchi runs")
    parser.add_argument("--wechat-port", type=int, default=8101)
    parser.add_argument("--alipay-port", type=int, default=8102)
    options = parser.parse_args()
    wechat = Wechat(port=options.wechat_port, refunds_at_once=True)
    wechat.transfers_url = f"{options.platform}/api/gateways/wechat/notice"
    alipay = Alipay(port=options.alipay_port)
    given = wechat.environment(options.platform) | wechat.environment_of_sign_in()
    given |= alipay.environment(options.platform)
    for name, value in given.items():
        print(f"export {name}={shlex.quote(value.replace(chr(10), chr(92) + 'n'))}")
    print(f"# {wechat.server.address}/ and {alipay.server.address}/ have the buttons", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
