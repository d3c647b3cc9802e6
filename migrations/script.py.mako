"""${message}

Revision: ${up_revision}, after ${down_revision | comma,n}. Made: ${create_date}

Before you go on: does an older release still run beside this schema while it is rolled out? Expand first, backfill in
batches, contract a release later. A new NOT NULL column needs a default; an index on a filled table is made CONCURRENTLY.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision: str = ${repr(up_revision)}
down_revision: str | None = ${repr(down_revision)}
branch_labels: str | None = ${repr(branch_labels)}
depends_on: str | None = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
