"""A lint for code that must give the same answer whenever and wherever it runs.

It follows imports to full names (`from datetime import datetime as dt; dt.now()` is `datetime.datetime.now`) and
names each use of a clock, of randomness, of the environment or of the outside world.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

IMPURE_EVERYWHERE = (
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "logging",
    "os",
    "random",
    "secrets",
    "shutil",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib.request",
    "uuid.uuid1",
    "uuid.uuid4",
    "builtins.open",
    "builtins.print",
    "builtins.input",
    "builtins.hash",  # differs between processes for text
    "builtins.id",
)
"""Full names, each with everything below it, that neither rules nor workflows may use."""

IMPURE_IN_RULES = (*IMPURE_EVERYWHERE, "asyncio", "pathlib", "sys")
IMPURE_IN_WORKFLOWS = (
    *IMPURE_EVERYWHERE,
    "asyncio.as_completed",  # goes through a set: another order on replay; temporalio.workflow has its own
    "asyncio.wait",
    "pathlib",
    "sys",
)

_BUILTINS = {"open", "print", "input", "hash", "id"}


@dataclass(frozen=True)
class Breach:
    """One use of something that is not pure."""

    line: int
    name: str


def breaches(source: str, banned: tuple[str, ...]) -> list[Breach]:
    """Every use of a banned name in a module's source, in the order of its lines."""
    tree = ast.parse(source)
    known: dict[str, str] = {}
    found: set[Breach] = set()
    for node in ast.walk(tree):
        for local, full in _imports(node):
            known[local] = full
            if _is_banned(full, banned):
                found.add(Breach(getattr(node, "lineno", 0), full))
    hashing = {id(inner) for method in _hash_methods(tree) for inner in ast.walk(method)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name) and id(node) not in hashing:
            full = _full_name(node, known)
            if full is not None and _is_banned(full, banned):
                found.add(Breach(node.lineno, full))
    return sorted(found, key=lambda breach: (breach.line, breach.name))


def _imports(node: ast.AST) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            whole = alias.asname is not None
            yield (
                alias.asname or alias.name.split(".")[0],
                alias.name if whole else alias.name.split(".")[0],
            )
    elif isinstance(node, ast.ImportFrom) and node.module is not None:
        for alias in node.names:
            yield (alias.asname or alias.name, f"{node.module}.{alias.name}")


def _hash_methods(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "__hash__":
            yield node


def _full_name(node: ast.expr, known: dict[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        if node.id in known:
            return known[node.id]
        return f"builtins.{node.id}" if node.id in _BUILTINS and isinstance(node.ctx, ast.Load) else None
    if isinstance(node, ast.Attribute):
        below = _full_name(node.value, known)
        return None if below is None else f"{below}.{node.attr}"
    return None


def _is_banned(full: str, banned: tuple[str, ...]) -> bool:
    return any(full == name or full.startswith(f"{name}.") for name in banned)
