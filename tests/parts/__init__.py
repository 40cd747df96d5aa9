"""The parts of `script/test`: what each one runs, in which order, and how the whole is counted.

`job` runs commands for a part, `runner` runs parts side by side, and the other files say what the parts are. Standard
library only: it runs under the system's Python, before any virtual environment exists.
"""
