"""The shape of the project: what is shipped, how long a page may be, and what must stand nowhere."""

import re
import sys
from typing import Any, cast

from tests.architecture.sources import ROOT, files, functions, lines, modules, named, packages, project

VAGUE_NAMES = {"utils", "common", "helpers", "core", "manager", "managers", "service", "services", "misc"}
NOT_SHIPPED = {"tests"}
# Put together here, so that this file does not hold them either.
REGISTRY_HOSTS = re.compile(
    "|".join([r"py" + r"pi\.org", "python" + "hosted", "npm" + r"js\.(org|com)"]), re.IGNORECASE
)
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b")
TEXTS = {
    ".py",
    ".toml",
    ".md",
    ".yml",
    ".yaml",
    ".json",
    ".lock",
    ".txt",
    ".ini",
    ".sh",
    ".cfg",
    ".ts",
    ".tsx",
    "",
}


def table(*path: str) -> Any:
    found: Any = project()
    for name in path:
        found = found[name]
    return found


def test_every_package_is_listed_wherever_packages_are_listed():
    present = {init.parent.name for init in ROOT.glob("*/__init__.py")} - NOT_SHIPPED
    assert set(packages()) == present
    assert set(table("tool", "importlinter", "root_packages")) == present
    assert set(table("tool", "basedpyright", "include")) == present | NOT_SHIPPED
    assert set(table("tool", "ruff", "lint", "isort", "known-first-party")) == present | NOT_SHIPPED


def test_no_folder_is_named_like_a_module_of_the_standard_library():
    folders = {entry.name for entry in ROOT.iterdir() if entry.is_dir()}
    assert folders & set(sys.stdlib_module_names) == set()


def test_docker_is_no_package():
    assert list(ROOT.glob("docker/**/__init__.py")) == []


def test_every_folder_of_tests_is_a_package():
    folders = {path.parent for path in files(ROOT / "tests", ".py")}
    assert [named(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_nothing_has_a_vague_name():
    found = [
        named(path)
        for path in modules(*packages())
        if {*path.parts[len(ROOT.parts) : -1], path.stem} & VAGUE_NAMES
    ]
    assert found == []


def test_no_module_is_longer_than_500_lines():
    lengths = {
        named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules(*packages())
    }
    assert {name: length for name, length in lengths.items() if length > 500} == {}


def test_no_workflow_module_is_longer_than_400_lines():
    lengths = {
        named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules("workflows")
    }
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_the_run_of_a_workflow_fits_in_40_lines():
    runs = {
        f"{named(path)}:{function.lineno}": lines(function)
        for path in modules("workflows")
        for function in functions(path)
        if function.name == "run"
    }
    assert {name: length for name, length in runs.items() if length > 40} == {}


def test_no_function_is_longer_than_60_lines():
    found = {
        f"{named(path)}:{function.name}": lines(function)
        for path in modules(*packages())
        if "versions" not in path.parts
        for function in functions(path)
        if lines(function) > 60
    }
    assert found == {}


def test_no_host_of_a_package_registry_stands_anywhere():
    found = [
        named(path)
        for path in files(ROOT)
        if path.suffix in TEXTS and path.stat().st_size < 2_000_000
        if REGISTRY_HOSTS.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


def test_nothing_is_marked_as_unfinished():
    found = [
        named(path)
        for path in modules(*packages(), "tests")
        if UNFINISHED.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_lock_holds_hashes_and_no_address():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert "--index-url" not in lock
    entries = re.split(r"\n(?=[a-z0-9])", lock[lock.index("\n", lock.index("make lock")) + 1 :])
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_every_direct_dependency_is_in_the_lock():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {match.lower() for match in re.findall(r"^([A-Za-z0-9._-]+)(?:\[.*\])?==", lock, re.MULTILINE)}
    wanted = cast(
        "list[str]", [*table("project", "dependencies"), *table("project", "optional-dependencies", "dev")]
    )
    names = {re.split(r"[\[<>=;! ]", entry, maxsplit=1)[0].lower() for entry in wanted}
    assert names - locked == set()
