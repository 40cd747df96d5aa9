"""What runs on the host under test: it drives the interpreter that is installed there, without any hook in it.

The collection's module_utils are taken from the command `groundcrew` (a zip), or from another bundle named by BUNDLE.
"""

from __future__ import annotations

import os
import sys
import types

BUNDLE = os.environ.get("BUNDLE", "/usr/local/sbin/groundcrew")
PLUGINS = "ansible_collections.groundcrew.fleet.plugins"

for name, path in ((PLUGINS, []), (f"{PLUGINS}.module_utils", [f"{BUNDLE}/groundcrew"])):
    package = types.ModuleType(name)
    package.__path__ = path
    sys.modules[name] = package
