"""`python taker.py FILE SECONDS COMMAND...`: runs a command and writes what it took to FILE, as JSON.

A small process: the memory that a child is said to have had begins with what its parent had. After SECONDS
(0: never), or when it is asked to end, the command and all that it has started are killed.
"""

import contextlib
import json
import os
import signal
import sys
import time

start = time.monotonic()
child = os.fork()
if child == 0:
    os.setpgid(0, 0)
    os.execvp(sys.argv[3], sys.argv[3:])
with contextlib.suppress(OSError):  # it has done so itself, and is another program by now
    os.setpgid(child, child)
stopped = False


def stop(number: int, _frame: object) -> None:
    """Kills the command. One that took too long may say first where it was: Python's faulthandler does."""
    global stopped  # noqa: PLW0603 - told below
    late = number == signal.SIGALRM and not stopped
    stopped = stopped or late
    if late:
        signal.setitimer(signal.ITIMER_REAL, 1.0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGABRT if late else signal.SIGKILL)


for each in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
    signal.signal(each, stop)
signal.setitimer(signal.ITIMER_REAL, float(sys.argv[2]))
_, status, used = os.wait4(child, 0)
signal.setitimer(signal.ITIMER_REAL, 0)
took = {
    "start": start,
    "wall": time.monotonic() - start,
    "cpu": used.ru_utime + used.ru_stime,
    "memory": used.ru_maxrss * 1024,
    "stopped": stopped,
}
with open(sys.argv[1], "w") as file:  # noqa: PTH123 - pathlib would make this process larger
    json.dump(took, file)
sys.exit(os.waitstatus_to_exitcode(status) % 256)
