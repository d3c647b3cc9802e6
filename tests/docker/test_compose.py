"""The compose file: accepted by the specification and by the real compose library, and true to the settings."""

import json
import re
from pathlib import Path
from typing import Any

import compose
import pytest

from config.settings import Settings
from domain.partners import Partner
from integrations.simulators.settings import SimulatorSettings
from stack.servers.temporal_server import SEARCH_ATTRIBUTES
from tests.docker.reading import CHECKOUT, DOCKER, Verdict, from_the_environment, judged_by, yaml_of

FILE = DOCKER / "compose.yaml"
OURS = {"api", "worker", "migrate"}
SIMULATED = "partners"
JOBS = {"migrate", "temporal-schema", "temporal-namespace"}
NOT_SETTINGS = {"HUYING_SECRETS_DIR"}
"""Read by the settings themselves before there are any."""


def by_the_specification(file: Path) -> Verdict:
    check = from_the_environment("check-jsonschema")
    return judged_by([check, "--builtin-schema", "vendor.compose-spec", file])


def by_compose(file: Path, **environment: str) -> Verdict:
    """The real library's reading of a file. Its wrapper loses the exit code, so the program in it is called."""
    program = Path(compose.__file__).parent / "docker-compose"
    command = [program, "-f", file, "--profile", "*", "config", "--format", "json"]
    return judged_by(command, environment=environment)


@pytest.fixture(scope="module")
def stack() -> dict[str, Any]:
    """The file as compose understands it, with everything filled in."""
    verdict = by_compose(FILE, HUYING_VERSION="0.1.0", HUYING_SECRETS="/etc/huying/secrets")
    assert (verdict.code, verdict.err) == (0, "")
    return json.loads(verdict.out)


def test_the_specification_accepts_the_file():
    verdict = by_the_specification(FILE)
    assert verdict.code == 0, verdict.text


def test_the_specification_refuses_a_misspelt_word(tmp_path: Path):
    broken = tmp_path / "compose.yaml"
    sound = FILE.read_text(encoding="utf-8")
    broken.write_text(sound.replace("  prometheus:\n    image:", "  prometheus:\n    imgae:"))
    assert by_the_specification(broken).code != 0


def test_compose_refuses_a_dependency_that_is_not_there(tmp_path: Path):
    broken = tmp_path / "compose.yaml"
    broken.write_text(FILE.read_text(encoding="utf-8").replace("\n  migrate:\n", "\n  migration:\n"))
    verdict = by_compose(broken, HUYING_VERSION="0.1.0", HUYING_SECRETS="/s")
    assert verdict.code != 0
    assert "migrate" in verdict.err


@pytest.mark.parametrize("missing", ["HUYING_VERSION", "HUYING_SECRETS"])
def test_what_has_no_safe_default_must_be_said(missing: str):
    told = {"HUYING_VERSION": "0.1.0", "HUYING_SECRETS": "/s"}
    told.pop(missing)
    verdict = by_compose(FILE, **told)
    assert verdict.code != 0
    assert f"Set {missing}" in verdict.err


def test_each_variable_of_ours_is_a_setting(stack: dict[str, Any]):
    known = {f"HUYING_{name.upper()}" for name in Settings.model_fields} | NOT_SETTINGS
    for name in OURS:
        ours = {key for key in stack["services"][name]["environment"] if key.startswith("HUYING_")}
        assert ours
        assert ours <= known, f"{name}: {sorted(ours - known)}"


def test_the_settings_of_each_process_load(
    stack: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = made_secrets(tmp_path)
    for name in OURS:
        for key, value in stack["services"][name]["environment"].items():
            monkeypatch.setenv(key, value)
        monkeypatch.setenv("HUYING_SECRETS_DIR", str(folder))
        settings = Settings()  # pyright: ignore[reportCallIssue]
        assert settings.environment == "production"
        assert settings.database_url.endswith("@postgres:5432/huying")
        assert set(settings.api_keys) == {"operator", "unit", "auditor", "sre", "sre_2"}
        assert len(settings.identity_key_bytes) == 32


def test_a_rehearsal_connects_the_simulated_partners_under_the_keys_they_know(
    stack: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = made_secrets(tmp_path, REHEARSAL="1")
    for key, value in {
        **stack["services"]["api"]["environment"],
        **stack["services"][SIMULATED]["environment"],
        "HUYING_SECRETS_DIR": str(folder),
    }.items():
        monkeypatch.setenv(key, value)
    connections = Settings().partners  # pyright: ignore[reportCallIssue]
    simulated = SimulatorSettings()
    assert set(connections) == set(simulated.partners) == set(Partner)
    for partner, connection in connections.items():
        known = simulated.partners[partner]
        assert connection.url == f"http://{SIMULATED}:{known.port}"
        assert connection.token == known.token
        assert connection.callback_secrets == [known.callback_secret]
    assert simulated.profile == "rehearsal"
    assert simulated.callbacks == "http://api:8080/v1/partners"
    published = {port["target"] for port in stack["services"][SIMULATED]["ports"]}
    assert published == {each.port for each in simulated.partners.values()}


def test_no_partner_is_connected_unless_a_rehearsal_is_wanted(tmp_path: Path):
    assert json.loads((made_secrets(tmp_path) / "huying_partners").read_text(encoding="utf-8")) == {}


def made_secrets(folder: Path, **wanted: str) -> Path:
    """The secrets of an installation, as the script makes them."""
    urls = {"ALERT_PAGE_URL": "http://page.invalid/", "ALERT_TICKET_URL": "http://ticket.invalid/"}
    made = judged_by([DOCKER / "make-secrets.sh", folder / "secrets"], environment={**urls, **wanted})
    assert made.code == 0, made.err
    return folder / "secrets"


def test_secrets_are_made_once_each_different_and_in_a_closed_folder(tmp_path: Path):
    folder = made_secrets(tmp_path)
    first = {file.name: file.read_text() for file in folder.iterdir()}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert made_secrets(tmp_path) == folder
    assert {file.name: file.read_text() for file in folder.iterdir()} == first
    assert len(set(first.values())) == len(first)
    keys = json.loads(first["huying_api_keys"])
    assert len(set(keys.values())) == 5
    assert keys["sre_2"] == first["prometheus_api_key"]
    assert all(len(key) == 64 for key in keys.values())


def test_secrets_are_not_made_without_saying_who_is_to_be_called(tmp_path: Path):
    verdict = judged_by([DOCKER / "make-secrets.sh", tmp_path / "secrets"])
    assert verdict.code != 0
    assert "ALERT_PAGE_URL" in verdict.err
    assert not (tmp_path / "secrets").exists()


def test_the_script_makes_exactly_the_secrets_that_are_mounted(stack: dict[str, Any], tmp_path: Path):
    mounted = {Path(secret["file"]).name for secret in stack["secrets"].values()}
    assert {file.name for file in made_secrets(tmp_path).iterdir()} == mounted


def test_no_secret_stands_in_the_file(stack: dict[str, Any]):
    for name, service in stack["services"].items():
        for key, value in (service.get("environment") or {}).items():
            if re.search(r"PASSWORD|PWD|SECRET|KEY|TOKEN", key):
                assert str(value).startswith("/run/secrets"), f"{name}: {key}"


def test_each_service_has_limits_and_a_door_on_the_loopback_address_at_most(stack: dict[str, Any]):
    for name, service in stack["services"].items():
        limits = service["deploy"]["resources"]["limits"]
        assert {"cpus", "memory"} <= set(limits), name
        for port in service.get("ports", []):
            assert port["host_ip"] == "127.0.0.1", name


def test_each_service_that_stays_says_how_it_is(stack: dict[str, Any]):
    without = {"temporal-ui", "temporal-tools"}
    for name, service in stack["services"].items():
        if name not in JOBS | without:
            assert "test" in service["healthcheck"], name
            assert service["restart"] == "unless-stopped", name


def test_ours_run_on_a_read_only_file_system_without_rights(stack: dict[str, Any]):
    for name in (*OURS, SIMULATED):
        service = stack["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["tmpfs"] == ["/tmp"]


def test_images_are_pinned_and_the_deprecated_one_is_not_used(stack: dict[str, Any]):
    for name, service in stack["services"].items():
        image = service["image"]
        assert re.fullmatch(r"[a-z0-9./-]+:v?\d[\d.]*", image), f"{name}: {image}"
        assert "auto-setup" not in image


def test_things_start_in_an_order_that_works(stack: dict[str, Any]):
    def waits_for(service: str) -> dict[str, str]:
        depends = stack["services"][service].get("depends_on", {})
        return {name: how["condition"] for name, how in depends.items()}

    done, well = "service_completed_successfully", "service_healthy"
    assert waits_for("temporal-schema") == {"postgres": well}
    assert waits_for("temporal") == {"temporal-schema": done}
    assert waits_for("temporal-namespace") == {"temporal": well}
    assert waits_for("migrate") == {"postgres": well}
    assert waits_for("worker") == {"migrate": done, "temporal-namespace": done}
    # Intake answers while the engine is away, so the API does not wait for it.
    assert waits_for("api") == {"migrate": done}


def test_postgres_18_keeps_its_data_where_the_image_wants_it(stack: dict[str, Any]):
    postgres = stack["services"]["postgres"]
    assert postgres["image"] == "postgres:18"
    assert {volume["target"] for volume in postgres["volumes"] if volume["type"] == "volume"} == {
        "/var/lib/postgresql"
    }


def test_each_mounted_file_exists(stack: dict[str, Any]):
    for name, service in stack["services"].items():
        for volume in service.get("volumes", []):
            if volume["type"] == "bind":
                assert Path(volume["source"]).exists(), f"{name}: {volume['source']}"
                assert volume["read_only"] is True, f"{name}: {volume['source']}"


def test_the_workers_patience_is_shorter_than_the_containers(stack: dict[str, Any]):
    worker = stack["services"]["worker"]
    assert int(worker["environment"]["HUYING_WORKER_SHUTDOWN_SECONDS"]) < seconds(worker["stop_grace_period"])


def seconds(text: str) -> int:
    """`40s`, `1m0s`."""
    minutes, rest = re.fullmatch(r"(?:(\d+)m)?(?:(\d+)s)?", text).groups()  # type: ignore[union-attr]
    return int(minutes or 0) * 60 + int(rest or 0)


def test_the_page_for_operators_names_each_setting_and_no_other():
    told = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = told.split("## Settings", 1)[1].split("Of the compose file itself", 1)[0]
    named = set(re.findall(r"`(HUYING_[A-Z_]+)`", table)) - NOT_SETTINGS
    assert named == {f"HUYING_{name.upper()}" for name in Settings.model_fields}


def test_the_worker_alone_has_a_way_out_to_the_partners_and_no_door(stack: dict[str, Any]):
    assert stack["networks"]["inside"]["internal"]
    assert not stack["networks"]["outside"].get("internal", False)
    on_it = {name for name, service in stack["services"].items() if "outside" in service.get("networks", ())}
    assert on_it == {"worker"}
    assert "ports" not in stack["services"]["worker"]


def test_each_variable_of_the_file_is_told_to_operators():
    told = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")
    for name in re.findall(r"\$\{([A-Z_]+)", FILE.read_text(encoding="utf-8")):
        assert f"`{name}`" in told, name


def test_the_namespace_job_makes_the_search_attributes_of_the_workflows():
    text = (DOCKER / "temporal" / "namespace.sh").read_text(encoding="utf-8")
    assert dict(re.findall(r"^ensure (\w+) (\w+)$", text, re.MULTILINE)) == SEARCH_ATTRIBUTES


def test_dynamic_settings_have_the_shape_that_the_server_reads():
    settings = yaml_of(DOCKER / "temporal" / "dynamicconfig.yaml")
    assert settings
    for key, values in settings.items():
        assert re.fullmatch(r"[a-zA-Z]+\.[a-zA-Z]+", key)
        assert all("value" in entry for entry in values), key
