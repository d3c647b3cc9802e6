"""A port in use is noticed before a server is started on it."""

import socket

import pytest

from stack.errors import StackProblem
from stack.servers.ports import ensure_free, free_port, free_row


def test_a_port_in_use_is_refused_with_the_option_that_helps():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(StackProblem, match=rf"Port {port} .* the API.*--api-port"):
            ensure_free(port, "the API", "--api-port")


def test_the_ports_of_a_row_are_free():
    first = free_row(3)
    for place in range(3):
        ensure_free(first + place, "a partner", "--partners-port")


def test_a_free_port_passes():
    ensure_free(free_port(), "the API", "--api-port")
