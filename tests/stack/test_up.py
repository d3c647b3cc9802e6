"""`huying up` as a person meets it: it starts, tells where everything is, continues, and leaves nothing behind."""

import re
import signal
import socket
import subprocess

import pytest

from stack.data_dir import DataDir
from tests.stack.terminal import Terminal, alive, family, until_gone


def read_until_running(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    shown = ""
    for line in process.stdout:
        shown += line
        if line.startswith("Running"):
            return shown
    pytest.fail(f"it ended before it ran:\n{shown}")


def test_up_is_stopped_goes_on_leaves_nothing_behind_when_killed_and_begins_anew(terminal: Terminal):
    first = terminal.up()
    shown = read_until_running(first)
    children = family(first)
    assert {"postgres", "temporal"} <= {child.name() for child in children}
    key = re.search(r"demo-operator-\S+", shown)
    assert key is not None

    assert re.search(r"Simulated enforcement +http://127\.0\.0\.1:\d+", shown)

    examined = terminal.run("doctor")
    assert examined.returncode == 0, examined.stdout
    assert "18." in examined.stdout
    assert "profile swift" in examined.stdout

    refused = terminal.run("up")
    assert refused.returncode == 2
    assert f"(process {first.pid})" in refused.stderr

    first.send_signal(signal.SIGINT)
    assert first.wait(timeout=30) == 0
    until_gone(children)

    second = terminal.up("--without-partners")
    shown = read_until_running(second)
    assert key.group() in shown
    assert "Simulated" not in shown

    children = family(second)
    assert len(alive(children)) >= 4
    second.kill()
    second.wait()
    until_gone(children)
    assert terminal.run("doctor").returncode == 1

    third = terminal.up("--fresh")
    assert key.group() not in read_until_running(third)
    third.send_signal(signal.SIGTERM)
    assert third.wait(timeout=30) == 0


def test_a_port_in_use_is_one_sentence_and_code_2(terminal: Terminal):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = str(holder.getsockname()[1])
        refused = terminal.run("up", *terminal.ports, "--temporal-port", port)
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"huying: Port {port} on 127.0.0.1, meant for Temporal,")
    assert "Traceback" not in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert DataDir(terminal.folder / ".huying").holder() is None


def test_a_folder_that_cannot_be_written_is_one_sentence_and_code_2(terminal: Terminal):
    (terminal.folder / "file").write_text("", encoding="utf-8")
    refused = terminal.run("up", "--data-dir", "file/data")
    assert refused.returncode == 2
    assert "cannot be written" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_the_doctor_says_when_nothing_runs(terminal: Terminal):
    examined = terminal.run("doctor")
    assert examined.returncode == 1
    assert "not running" in examined.stdout
    assert not (terminal.folder / ".huying").exists()
