"""A service that has the library of kill-library mapped."""

from __future__ import annotations

import ctypes
import time

ctypes.CDLL("/usr/lib/kill/libkill.so.1")
while True:
    time.sleep(3600)
