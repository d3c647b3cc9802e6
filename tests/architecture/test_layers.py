"""Who may import whom, as the contracts in pyproject.toml say."""

import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT


def lint(folder: Path, configuration: Path) -> "subprocess.CompletedProcess[str]":
    program = str(Path(sys.executable).with_name("lint-imports"))
    command = [program, "--no-cache", "--config", str(configuration)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_contracts_are_kept():
    done = lint(ROOT, ROOT / "pyproject.toml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_a_breach_would_be_noticed(tmp_path: Path):
    """The project's own contracts over a small copy of its layers, in which the rules reach for the database."""
    configuration = tmp_path / "pyproject.toml"
    configuration.write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"), encoding="utf-8")
    names = (
        "activities api bench cities config domain integrations migrations persistence stack worker workflows"
    )
    for name in names.split():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("", encoding="utf-8")
    for part in (ROOT / "integrations").glob("[a-z]*"):
        (tmp_path / "integrations" / part.with_suffix(".py").name).write_text("", encoding="utf-8")
    assert lint(tmp_path, configuration).returncode == 0
    (tmp_path / "domain" / "__init__.py").write_text("import sqlalchemy\nimport config\n", encoding="utf-8")
    (tmp_path / "workflows" / "__init__.py").write_text("import prometheus_client\n", encoding="utf-8")
    enforcement = "import integrations.affairs\nimport integrations.simulators\nimport temporalio\n"
    (tmp_path / "integrations" / "enforcement.py").write_text(enforcement, encoding="utf-8")
    done = lint(tmp_path, configuration)
    assert done.returncode == 1
    assert "6 broken" in done.stdout
