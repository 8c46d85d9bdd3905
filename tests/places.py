"""Where tests keep what they need on disk."""

import os
from pathlib import Path
from typing import Final

from mingchi.config.environment import ROOT

VAR: Final = Path(os.environ.get("MINGCHI_TEST_VAR") or ROOT / "var" / "test")
