"""Keys of what is numbered within a programme: `programme * SPAN + number`.

Entry 42 of programme 1 has the key 1000000000042. Positions and participants have such keys too.
"""

from typing import Final

SPAN: Final = 10**12
