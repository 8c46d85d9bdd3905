"""`mingchi server`: the supervisor. It starts the database, then web server, settler and worker as
its children, starts again what dies, and stops all of it in order."""

import argparse
import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from mingchi import __version__
from mingchi.config import database, embedded, environment, stamp
from mingchi.config.children import Child, ending, last_lines, run

READY_TIMEOUT_S: Final = 60
STOP, HURRY = 1, 2


class CannotStart(Exception):  # noqa: N818 - not an error of ours
    """Said to the person who started us, who can mend it; exit status 2."""


class DidNotStart(CannotStart):
    """Something of ours did not come up; exit status 1."""


class Stopped(Exception):  # noqa: N818 - a wish, not an error
    """Somebody asked us to stop while we were starting."""


def main(argv: list[str]) -> int:
    """Run until asked to stop. Exit status: 0 stopped, 1 could not run, 2 called wrongly."""
    options = _options(argv)
    supervisor = Supervisor(options)
    try:
        supervisor.run()
    except CannotStart as problem:
        print(f"mingchi server: {problem}", file=sys.stderr)
        return 1 if isinstance(problem, DidNotStart) else 2
    except embedded.EmbeddedError as problem:
        print(f"mingchi server: {problem}", file=sys.stderr)
        return 1
    return supervisor.status


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="mingchi server", description="Start the platform; Ctrl-C stops all of it."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="8000; 0 takes any free one")
    parser.add_argument("--workers", type=int, default=1, help="web processes (1)")
    parser.add_argument("--threads", type=int, default=16, help="requests at once in each (16)")
    parser.add_argument("--no-demo", action="store_true", help="open a new platform empty")
    parser.add_argument(
        "--verbose", action="store_true", help="all output here instead of in var/log"
    )
    options = parser.parse_args(argv)
    if not 0 <= options.port <= 65535:
        parser.error("--port must lie between 0 and 65535")
    if options.workers < 1 or options.threads < 1:
        parser.error("--workers and --threads must be at least 1")
    return options


class Supervisor:
    """One running platform: its lock, its database, its children."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.var = environment.var_dir()
        self.asked = 0  # how often we were asked to stop
        self.status = 0
        self.folder: Path | None = None  # of the embedded database, where it is ours
        self.children: list[Child] = []
        self.accounts: list[list[str]] = []

    def run(self) -> None:
        """Start, watch, stop."""
        lock = self._lock_var()
        try:
            self._listen_for_signals()
            self.options.port = free_port(self.options.host, self.options.port)
            self._start()
            while not self.asked:
                time.sleep(0.1)
                self._watch()
        except Stopped:
            pass
        finally:
            self._stop()
            os.close(lock)

    # -- starting

    def _start(self) -> None:
        say(f"Mingchi 明池 {__version__}, {environment.mode()}; data in {self.var}")
        _refuse_gateways()
        if not os.environ.get("DATABASE_URL"):
            self.folder = self.var / "postgres"
        database.ensure_database(self.var / "postgres")
        self._prepare()
        self._start_children()
        self._print_addresses()

    def _prepare(self) -> None:
        """Do the set-up, but for an embedded database where nothing has changed since the last."""
        live = environment.mode() == environment.LIVE
        words = ["--static"] if self.options.no_demo or live else ["--static", "--demo"]
        path = self.var / "prepared.json"
        report = None
        if self.folder is not None:
            report = stamp.kept(path, stamp.fingerprint(self.folder, *words))
        if report is None:
            report = self._set_up(words)
            if self.folder is not None:
                stamp.keep(path, stamp.fingerprint(self.folder, *words), report)
        self.accounts = report["accounts"]

    def _set_up(self, words: list[str]) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.json"
            command = [sys.executable, "-m", "mingchi.config.prepare", *words]
            process = run([*command, "--report", str(path)], None)
            child = Child("set-up", command, None, process=process)
            while process.poll() is None:
                if self.asked:
                    child.stop(say, lambda: self.asked >= HURRY)
                    raise Stopped
                time.sleep(0.02)
            if process.returncode != 0:
                raise DidNotStart(f"the set-up {ending(process)}; its message stands above")
            report: dict[str, Any] = json.loads(path.read_text())
            return report

    def _start_children(self) -> None:
        """The worker last, when the web server answers: nobody waits for it."""
        if self.options.workers > 1:
            self._share_figures()
        mingchi = [sys.executable, "-m", "mingchi.cli"]
        web = Child("web", web_command(self.options), self._log("web"))
        settler = Child("settler", [*mingchi, "settle"], self._log("settler"), grace_s=15)
        worker = Child("worker", [*mingchi, "worker"], self._log("worker"))
        for child in (web, settler):
            child.start()
            self.children.append(child)
        self._wait_ready(web)
        worker.start()
        self.children.append(worker)

    def _share_figures(self) -> None:
        """Several web processes add up their figures in a folder that starts empty."""
        folder = self.var / "metrics"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)

    def _log(self, name: str) -> Path | None:
        return None if self.options.verbose else self.var / "log" / f"{name}.log"

    def _wait_ready(self, web: Child) -> None:
        assert web.process is not None
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not is_serving(self.options.host, self.options.port):
            if self.asked:
                raise Stopped
            if web.process.poll() is not None or time.monotonic() > deadline:
                why = (
                    ending(web.process)
                    if web.process.poll() is not None
                    else f"did not answer in {READY_TIMEOUT_S} s"
                )
                raise DidNotStart(f"the web server {why}\n{last_lines(web.log)}")
            time.sleep(0.05)

    def _print_addresses(self) -> None:
        host = self.options.host
        shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - shown, not bound
        base = f"http://[{shown}]" if ":" in shown else f"http://{shown}"
        base += f":{self.options.port}"
        say(f"  Shop         {base}/")
        say(f"  Back office  {base}/admin/")
        say(f"  API          {base}/api/docs")
        say(f"  Health       {base}/healthz   metrics {base}/metrics")
        if self.accounts:
            say("Demo accounts:")
            width = [max(len(row[i]) for row in self.accounts) for i in range(2)]
            for role, login, password in self.accounts:
                say(f"  {role:<{width[0]}}  {login:<{width[1]}}  {password}")
        say("Running. Ctrl-C stops all of it.")

    # -- running and stopping

    def _watch(self) -> None:
        if self.folder is not None and not embedded.is_running(self.folder):
            say("database: has ended; starting it again")
            database.start_embedded(self.folder)
        for child in self.children:
            child.watch(say)

    def _stop(self) -> None:
        if self.children or self.folder is not None:
            say("Stopping")
        for child in (c for name in ("web", "worker", "settler") for c in self._named(name)):
            child.stop(say, lambda: self.asked >= HURRY)
        if self.folder is not None:
            embedded.release(self.folder)
            if not embedded.wait_stopped(self.folder):
                say(f"database: still running; see {embedded.log_path(self.folder)}")
                self.status = 1

    def _named(self, name: str) -> list[Child]:
        return [child for child in self.children if child.name == name]

    def _listen_for_signals(self) -> None:
        def ask(*_: Any) -> None:
            self.asked += 1

        signal.signal(signal.SIGINT, ask)
        signal.signal(signal.SIGTERM, ask)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means it
            signal.signal(signal.SIGHUP, ask)

    def _lock_var(self) -> int:
        """One server for each folder of data. The lock goes with the process."""
        self.var.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.var / "server.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.pread(lock, 20, 0).decode().strip()
            os.close(lock)
            raise CannotStart(
                f"another server (process {other or 'unknown'}) runs on {self.var}; stop that one,"
                " or set MINGCHI_VAR to another folder"
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        return lock


def _refuse_gateways() -> None:
    """Said at once, not by each process that we start."""
    from django.core.exceptions import ImproperlyConfigured

    from mingchi.config import gateways

    try:
        gateways.configured()
    except ImproperlyConfigured as problem:
        raise CannotStart(str(problem)) from None


def web_command(options: argparse.Namespace) -> list[str]:
    """granian, as WSGI: its ASGI mode costs more and did not stop on SIGTERM."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi"),
        *("--host", options.host, "--port", str(options.port)),
        *("--workers", str(options.workers), "--blocking-threads", str(options.threads)),
        *("--respawn-failed-workers", "--workers-kill-timeout", "5", "--no-ws"),
        "mingchi.config.wsgi:application",
    ]


def free_port(host: str, port: int) -> int:
    """The port, where it can be bound (0: any free one); raises CannotStart where not."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            taken: int = probe.getsockname()[1]
            return taken
    except OSError as problem:
        raise CannotStart(
            f"can't listen on {host} port {port}: {problem.strerror or problem};"
            " choose another with --port"
        ) from None


def is_serving(host: str, port: int) -> bool:
    """Whether anything that speaks HTTP answers there."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def say(text: str) -> None:
    """Print; a terminal that was closed is no reason to stop badly."""
    with suppress(OSError, ValueError):
        print(text, flush=True)
