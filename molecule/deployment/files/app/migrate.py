"""Change the shop's data: `up` adds the prices, `down` takes them away, `note` keeps what a hook was given."""

from __future__ import annotations

import os
import sys
from pathlib import Path

prices, note = Path("data/prices"), Path("data/note")
if sys.argv[1] == "up":
    prices.write_text("in cents\n")
elif sys.argv[1] == "down":
    prices.unlink(missing_ok=True)
else:
    # The length alone, since what the environment holds is secret.
    own = os.environ["HOME"], os.environ["STATE_DIRECTORY"]
    note.write_text(f"{sys.argv[2]}, {len(os.environ['SHOP_TOKEN'])} letters, {Path.cwd().name}, {' '.join(own)}\n")
