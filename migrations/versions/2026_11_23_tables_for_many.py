"""Tables of what is done to many requests at once: bulk jobs, surges, and the record of operations.

Revision: 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

CODE = sa.Text(collation="C")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _bulk_jobs()
    _bulk_items()
    _card_pairs()
    _surges()
    _operations()
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON operations "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _bulk_jobs() -> None:
    op.create_table(
        "bulk_jobs",
        sa.Column("id", CODE, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("actor", JSONB, nullable=False),
        sa.Column("act", JSONB, nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("paused_at", INSTANT, nullable=True),
        sa.Column("cancel_asked_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("free_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_jobs")),
        sa.UniqueConstraint("key", name=op.f("uq_bulk_jobs_key")),
    )
    op.create_index(
        "ix_bulk_jobs_waiting",
        "bulk_jobs",
        ["free_at", "id"],
        unique=False,
        postgresql_where=sa.text("started_at IS NULL"),
    )


def _bulk_items() -> None:
    op.create_table(
        "bulk_items",
        sa.Column("job", CODE, nullable=False),
        sa.Column("number", CODE, nullable=False),
        sa.Column("act", JSONB, nullable=True),
        sa.Column("result", sa.Text(), server_default=sa.text("'pending'"), nullable=False),
        sa.Column("code", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("detail", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "result IN ('pending', 'done', 'refused', 'not_found', 'failed', 'cancelled')",
            name=op.f("ck_bulk_items_result"),
        ),
        sa.PrimaryKeyConstraint("job", "number", name=op.f("pk_bulk_items")),
    )


def _card_pairs() -> None:
    op.create_table(
        "card_pairs",
        sa.Column("unit", CODE, nullable=False),
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("pair", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("earlier_number", CODE, nullable=False),
        sa.Column("earlier_leg", CODE, nullable=False),
        sa.Column("later_number", CODE, nullable=False),
        sa.Column("later_leg", CODE, nullable=False),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.Column("result", sa.Text(), server_default=sa.text("'pending'"), nullable=False),
        sa.Column("given_to", CODE, nullable=True),
        sa.Column("code", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "result IN ('pending', 'given', 'refused', 'broken')", name=op.f("ck_card_pairs_result")
        ),
        sa.PrimaryKeyConstraint("unit", "month", "pair", name=op.f("pk_card_pairs")),
    )
    op.create_index(
        "ix_card_pairs_pending",
        "card_pairs",
        ["found_at"],
        unique=False,
        postgresql_where=sa.text("result = 'pending'"),
    )


def _surges() -> None:
    op.create_table(
        "surges",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("area", CODE, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("substitutions", JSONB, nullable=False),
        sa.Column("begun_by", sa.Text(), nullable=False),
        sa.Column("begun_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surges")),
    )


def _operations() -> None:
    op.create_table(
        "operations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("details", JSONB, nullable=False),
        sa.CheckConstraint(
            "what IN ('policy_published', 'surge_begun', 'surge_ended', 'policy_migration', 'calendar_correction')",
            name=op.f("ck_operations_what"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operations")),
    )
    op.create_index(op.f("ix_operations_subject_id"), "operations", ["subject", "id"], unique=False)
