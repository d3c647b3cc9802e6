"""Whether a port can be had, asked before a server is started on it."""

import errno
import secrets
import socket
import time

from stack.errors import StackProblem

_PATIENCE_SECONDS = 2.0


def ensure_free(port: int, purpose: str, option: str, host: str = "127.0.0.1") -> None:
    """Raise StackProblem when another program holds the port.

    Waits a moment first: the servers of a stack that was just killed may still be letting go.
    """
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while (reason := _refusal(host, port)) is not None:
        if time.monotonic() > give_up_at or reason.errno != errno.EADDRINUSE:
            raise StackProblem(
                f"Port {port} on {host}, meant for {purpose}, cannot be used ({(reason.strerror or '').lower()}); "
                f"stop what holds it or choose another with {option}."
            )
        time.sleep(0.1)


def free_port(host: str = "127.0.0.1") -> int:
    """A port that was free a moment ago.

    Taken below the range from which systems number outgoing connections and unasked ports, so that no other program
    gets it by chance before it is used.
    """
    while True:
        port = 12_000 + secrets.randbelow(18_000)
        if _refusal(host, port) is None:
            return port


def free_row(count: int, host: str = "127.0.0.1") -> int:
    """The first of so many ports in a row that were free a moment ago."""
    while True:
        first = free_port(host)
        if all(_refusal(host, first + place) is None for place in range(1, count)):
            return first


def _refusal(host: str, port: int) -> OSError | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None
