"""The data folder is ours, held by one stack at a time, and keeps its secrets."""

import base64
import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from stack.data_dir import DEMO_ROLES, Addresses, DataDir
from stack.errors import StackProblem

ADDRESSES = Addresses(
    api="http://127.0.0.1:1",
    temporal="127.0.0.1:2",
    temporal_ui="http://127.0.0.1:3",
    worker_metrics="m",
    database="d",
)


def test_secrets_are_made_once_and_readable_by_the_owner_alone(tmp_path: Path):
    folder = DataDir(tmp_path / "data")
    with folder.claimed():
        made = folder.credentials()
    assert DataDir(tmp_path / "data").credentials() == made
    assert stat.S_IMODE((folder.path / "credentials.json").stat().st_mode) == 0o600
    assert len(base64.b64decode(made.identity_key)) == 32
    assert set(made.api_keys) == set(DEMO_ROLES)
    assert len(set(made.api_keys.values())) == len(DEMO_ROLES)


def test_a_folder_in_use_is_refused_with_the_process_that_holds_it(tmp_path: Path):
    code = f"""
from pathlib import Path
from stack.data_dir import DataDir
with DataDir(Path({str(tmp_path)!r}) / "data").claimed():
    print("held", flush=True)
    input()
"""
    holder = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    folder = DataDir(tmp_path / "data")
    with pytest.raises(StackProblem, match=f"process {holder.pid}"), folder.claimed():
        pass
    assert folder.holder() == holder.pid
    holder.kill()
    holder.communicate()
    with folder.claimed():
        pass
    assert folder.holder() is None


def test_addresses_are_told_only_while_the_stack_runs(tmp_path: Path):
    folder = DataDir(tmp_path / "data")
    assert folder.addresses() is None
    with folder.claimed():
        folder.announce(ADDRESSES)
        assert folder.addresses() == ADDRESSES
    assert folder.addresses() is None


def test_addresses_of_a_killed_stack_are_not_believed(tmp_path: Path):
    folder = DataDir(tmp_path / "data")
    with folder.claimed():
        folder.announce(ADDRESSES)
        left = (folder.path / "running.json").read_text(encoding="utf-8")
    (folder.path / "running.json").write_text(left, encoding="utf-8")
    assert folder.addresses() is None


def test_a_folder_that_holds_other_things_is_left_alone(tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(StackProblem, match=r"thesis\.txt"), DataDir(tmp_path).claimed():
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_starting_over_removes_the_data_and_the_secrets(tmp_path: Path):
    folder = DataDir(tmp_path / "data")
    with folder.claimed():
        before = folder.credentials()
        (folder.logs).mkdir()
        (folder.logs / "worker.log").write_text("old", encoding="utf-8")
        folder.empty()
        assert not folder.logs.exists()
        assert folder.credentials() != before


def test_a_place_where_nothing_can_be_written_is_told_in_a_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with (
        pytest.raises(StackProblem, match="cannot be written"),
        DataDir(tmp_path / "file" / "data").claimed(),
    ):
        pass


def test_damaged_secrets_are_told_in_a_sentence(tmp_path: Path):
    folder = DataDir(tmp_path / "data")
    with folder.claimed():
        (folder.path / "credentials.json").write_text(json.dumps({})[:1], encoding="utf-8")
        with pytest.raises(StackProblem, match=r"credentials\.json is damaged"):
            folder.credentials()
