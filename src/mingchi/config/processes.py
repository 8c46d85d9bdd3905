"""Small things about processes that Python has no word for."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
# Looked up here: a child that changed its user may no longer read the library's folder.
_prctl = ctypes.CDLL(None).prctl if sys.platform.startswith("linux") else None


def signal_when_parent_dies(number: int = signal.SIGKILL) -> None:
    """Ask the kernel to send us that signal when our parent dies. Linux only, else without
    effect: there a supervisor that was killed by force leaves its children to be stopped by hand.
    """
    if _prctl is None:
        return
    parent = os.getppid()
    _prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:  # it died just before
        os.kill(os.getpid(), number)
