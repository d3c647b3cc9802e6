"""The simulated partners of a stack: what their process and the service are told fits together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from config.settings import PartnerConnection
from domain.partners import Partner
from integrations.simulators.settings import SimulatorSettings
from stack.data_dir import DataDir
from stack.errors import StackProblem
from stack.servers.simulators import Simulators


def simulators_in(folder: Path, profile: str = "swift") -> Simulators:
    data_dir = DataDir(folder / "data")
    with data_dir.claimed():
        keys = data_dir.credentials().partners
    return Simulators(
        first_port=8091, profile=profile, folder=data_dir.partners, api="http://127.0.0.1:8080", keys=keys
    )


def test_the_service_knows_each_partner_by_what_the_partner_knows_itself_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    simulators = simulators_in(tmp_path)
    environment = simulators.program(tmp_path / "log").environment
    assert environment is not None
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    told = SimulatorSettings()
    known = TypeAdapter(dict[Partner, PartnerConnection]).validate_json(simulators.connections)
    assert set(told.partners) == set(known) == set(Partner)
    for partner, connection in known.items():
        assert connection.url == f"http://127.0.0.1:{told.partners[partner].port}"
        assert connection.token == told.partners[partner].token
        assert connection.callback_secrets == [told.partners[partner].callback_secret]
    assert told.callbacks == "http://127.0.0.1:8080/v1/partners"
    assert len({connection.token.get_secret_value() for connection in known.values()}) == 3


def test_a_folder_made_before_there_were_partners_gets_their_keys_and_loses_nothing(tmp_path: Path):
    data_dir = DataDir(tmp_path / "data")
    with data_dir.claimed():
        made = data_dir.credentials()
    file = data_dir.path / "credentials.json"
    kept = json.loads(file.read_text(encoding="utf-8"))
    del kept["partners"]
    file.write_text(json.dumps(kept), encoding="utf-8")
    again = data_dir.credentials()
    assert (again.identity_key, again.api_keys) == (made.identity_key, made.api_keys)
    assert set(again.partners) == set(Partner)
    assert data_dir.credentials() == again


def test_a_profile_that_is_none_is_one_sentence(tmp_path: Path):
    with pytest.raises(StackProblem, match=r"'sunny' is no profile .* one of swift, realistic"):
        simulators_in(tmp_path, "sunny")
