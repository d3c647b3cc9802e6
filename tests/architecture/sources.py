"""The project's own files, as the architecture tests look at them."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).parents[2]
_NOT_OURS = {"node_modules", "__pycache__", "build", "dist"}


def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def packages() -> list[str]:
    """The top-level packages that are shipped."""
    return cast("list[str]", project()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])


def files(folder: Path, suffix: str = "") -> Iterator[Path]:
    """Every file of ours below a folder, caches and environments left out."""
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir()):
        if entry.is_dir():
            hidden = entry.name.startswith(".") and entry.name != ".ci"
            if not hidden and entry.name not in _NOT_OURS and not entry.is_symlink():
                yield from files(entry, suffix)
        elif entry.name.endswith(suffix):
            yield entry


def modules(*folders: str) -> list[Path]:
    """Every Python file below the named top-level folders, as far as they exist."""
    return [path for folder in folders for path in files(ROOT / folder, ".py")]


def told_by_workflows() -> list[Path]:
    """The modules that run inside workflows: those that define one, and what they import from the same folder.

    A client of the workflows may stand beside them; it runs in other processes and under other rules.
    """
    beside = {path.stem: path for path in modules("workflows")}
    waiting = [path for path in beside.values() if "@workflow.defn" in path.read_text(encoding="utf-8")]
    reached: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting += [beside[name] for name in _siblings(path) if name in beside]
    return sorted(reached)


def _siblings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "workflows":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("workflows."):
            yield (node.module or "").split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (
                alias.name.split(".")[1] for alias in node.names if alias.name.startswith("workflows.")
            )


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many lines a function takes, its docstring included."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def named(path: Path) -> str:
    """A file's path from the root, for a message."""
    return str(path.relative_to(ROOT))
