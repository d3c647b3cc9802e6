"""Knocking at the API from the command line: where it is, with which key, and what a refusal looks like."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import httpx2
import typer
from rich.console import Console

from stack.data_dir import DataDir
from stack.errors import StackProblem

console = Console()
complaints = Console(stderr=True)

_PATIENCE_SECONDS = 30.0

DataDirOption = Annotated[
    Path,
    typer.Option("--data-dir", envvar="HUYING_DATA_DIR", help="Folder of the stack to talk to."),
]
ApiOption = Annotated[
    str | None, typer.Option("--api", envvar="HUYING_API", help="Address of the API, if it is another one.")
]
KeyOption = Annotated[
    str | None, typer.Option("--key", envvar="HUYING_API_KEY", help="API key, if not the stack's own.")
]
AsJsonOption = Annotated[bool, typer.Option("--json", help="Print the API's answer as it is.")]


@dataclass(frozen=True, slots=True)
class Door:
    """An API and the key to it."""

    client: httpx2.Client

    def get(self, path: str, **query: Any) -> Any:
        """Read something."""
        wanted = {name: value for name, value in query.items() if value is not None}
        return self._answered(self.client.get(path, params=wanted))

    def post(self, path: str, body: dict[str, Any], *, key: str | None = None, **headers: str) -> Any:
        """Ask for something, under a fresh idempotency key unless one is given."""
        spelled = {"Idempotency-Key": key or uuid4().hex, **headers}
        return self._answered(self.client.post(path, json=body, headers=spelled))

    @staticmethod
    def _answered(response: httpx2.Response) -> Any:
        if response.is_success:
            return response.json()
        refuse(response)
        raise typer.Exit(1)


@contextmanager
def door(data_dir: Path, api: str | None, key: str | None, role: str = "operator") -> Generator[Door]:
    """The API of the stack on the folder, or another one, with the key of a role unless one is given.

    Raises:
        StackProblem: nothing is known to talk to, or it does not answer.
    """
    stack = DataDir(data_dir.absolute())
    if api is None:
        addresses = stack.addresses()
        if addresses is None:
            raise StackProblem(
                f"No stack runs on {data_dir}; start one with `huying up`, or give --api and --key."
            )
        api = addresses.api
    if key is None:
        if not (stack.path / "credentials.json").exists():
            raise StackProblem(f"{data_dir} holds no credentials; give --key.")
        key = stack.credentials().api_keys[role]
    headers = {"Authorization": f"Bearer {key}"}
    try:
        with httpx2.Client(
            base_url=api, headers=headers, timeout=_PATIENCE_SECONDS, trust_env=False
        ) as client:
            yield Door(client)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise StackProblem(f"The API at {api} does not answer ({error}).") from error


def refuse(response: httpx2.Response) -> None:
    """Show why the API said no, in both languages, and what would be right."""
    try:
        problem: dict[str, str] = response.json()
    except ValueError:
        problem = {}
    title = problem.get("title_zh", "")
    complaints.print(
        f"{response.status_code} {problem.get('code', '')} {title}".strip(), style="bold red", markup=False
    )
    for line in (problem.get("detail"), problem.get("expected") and f"expected: {problem['expected']}"):
        if line:
            complaints.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


def show_json(answer: Any) -> None:
    """Print an answer as it is."""
    console.print_json(json.dumps(answer, ensure_ascii=False))
