"""`python taker.py FILE COMMAND...`: runs a command and writes what it took to FILE, as JSON.

A small process: the memory that a child is said to have had begins with what its parent had.
"""

import json
import os
import sys
import time

start = time.monotonic()
child = os.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, used = os.wait4(child, 0)
took = {
    "wall": time.monotonic() - start,
    "cpu": used.ru_utime + used.ru_stime,
    "memory": used.ru_maxrss * 1024,
}
with open(sys.argv[1], "w") as file:  # noqa: PTH123 - pathlib would make this process larger
    json.dump(took, file)
sys.exit(os.waitstatus_to_exitcode(status))
