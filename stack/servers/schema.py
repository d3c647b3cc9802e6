"""The database's schema brought to the newest revision, and asked which one it is at."""

import asyncio
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from stack.errors import StackProblem


@dataclass(frozen=True, kw_only=True)
class SchemaRevision:
    """Where a database stands: None when it has no schema yet."""

    current: str | None
    newest: str | None

    @property
    def at_head(self) -> bool:
        return self.current == self.newest


async def migrate(database_url: str) -> None:
    """Bring the database to the newest revision; does nothing when it is there."""
    await asyncio.to_thread(command.upgrade, alembic_config(database_url), "head")


async def revision_of(database_url: str) -> SchemaRevision:
    """The database's revision beside the newest one this program knows."""
    newest = ScriptDirectory.from_config(alembic_config(database_url)).get_current_head()
    return SchemaRevision(current=await asyncio.to_thread(_current, database_url), newest=newest)


def alembic_config(database_url: str) -> Config:
    """Alembic's configuration without a file, so that it is found from an installed package too."""
    spec = find_spec("migrations")
    if spec is None or not spec.submodule_search_locations:
        raise StackProblem("The package `migrations` is missing; run `make` again to repair.")
    config = Config(attributes={"database_url": database_url})
    config.set_main_option(
        "script_location", str(Path(next(iter(spec.submodule_search_locations)))).replace("%", "%%")
    )
    config.set_main_option("sqlalchemy.url", database_url.replace("%", "%%"))
    return config


def _current(database_url: str) -> str | None:
    engine = create_engine(database_url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
