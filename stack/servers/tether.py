"""A program tied to its starter: when the starter is gone, even by kill -9, the program is told to end.

Run as a script, before the program itself: `python tether.py STARTER SIGNAL USER PROGRAM ARGUMENT...`, where STARTER
is the starter's process id, SIGNAL the number the program is sent, and USER the name of the user to become ("-": stay).

On Linux the kernel keeps the promise and this script is replaced by the program. Elsewhere it stays beside the program
and looks twice a second whether the starter is still its parent.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from types import FrameType

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """Become the program (Linux) or guard it (elsewhere); answers the exit code of a guarded program."""
    starter, number, user, *program = arguments
    if user != "-":
        _become(user)
    if sys.platform == "linux":
        # After the change of user: the kernel forgets the wish when credentials change.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != int(starter):
            return 1  # the starter was gone before the kernel knew of the wish
        os.execv(program[0], program)
    return _guard(int(starter), int(number), program)


def _become(user: str) -> None:
    import pwd

    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def _guard(starter: int, number: int, program: list[str]) -> int:
    child = subprocess.Popen(program)

    def pass_on(received: int, _frame: FrameType | None) -> None:
        child.send_signal(received)

    for passed in (signal.SIGTERM, signal.SIGINT):
        signal.signal(passed, pass_on)
    while child.poll() is None:
        if os.getppid() != starter:
            child.send_signal(number)
        time.sleep(0.5)
    return child.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
