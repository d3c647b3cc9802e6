"""Tables of what is shared with the neighbouring systems: partner cases, their messages, and reconciliations.

Revision: 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

CODE = sa.Text(collation="C")
INSTANT = sa.DateTime(timezone=True)
HOURS: sa.types.TypeEngine[float] = sa.Double()


def upgrade() -> None:
    _legs()
    _summonses()
    _partner_cases()
    _partner_messages()
    _reconciliations()
    _affair_items()


def _partner_cases() -> None:
    op.create_table(
        "partner_cases",
        sa.Column("case_id", CODE, nullable=False),
        sa.Column("request", CODE, nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("last_sequence", sa.Integer(), nullable=False),
        sa.Column("last_kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("hours", HOURS, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("overdue", sa.Boolean(), nullable=False),
        sa.Column("heard_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("state", JSONB, nullable=False),
        sa.CheckConstraint(
            "partner IN ('enforcement', 'affairs', 'volunteers')", name=op.f("ck_partner_cases_partner")
        ),
        sa.CheckConstraint(
            "status IN ('opening', 'handed_over', 'under_way', 'done', 'refused', 'withdrawn')",
            name=op.f("ck_partner_cases_status"),
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_partner_cases")),
    )
    op.create_index(
        op.f("ix_partner_cases_partner_opened_at_case_id"),
        "partner_cases",
        ["partner", "opened_at", "case_id"],
        unique=False,
    )
    op.create_index(
        "ix_partner_cases_open",
        "partner_cases",
        ["partner", "status"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _summonses() -> None:
    op.create_table(
        "summonses",
        sa.Column("number", CODE, nullable=False),
        sa.Column("summons", CODE, nullable=False),
        sa.Column("whistle", CODE, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit", CODE, nullable=False),
        sa.Column("unit_zh", sa.Text(), nullable=False),
        sa.Column("unit_en", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("area", CODE, nullable=False),
        sa.Column("town", CODE, nullable=False),
        sa.Column("town_zh", sa.Text(), nullable=False),
        sa.Column("town_en", sa.Text(), nullable=False),
        sa.Column("power", sa.Text(), nullable=False),
        sa.Column("power_zh", sa.Text(), nullable=False),
        sa.Column("power_en", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("session", sa.Text(), nullable=False),
        sa.Column("called_at", INSTANT, nullable=False),
        sa.Column("ack_due_at", INSTANT, nullable=True),
        sa.Column("attend_due_at", INSTANT, nullable=True),
        sa.Column("acknowledged_at", INSTANT, nullable=True),
        sa.Column("arrived_at", INSTANT, nullable=True),
        sa.Column("authority", sa.Boolean(), nullable=False),
        sa.Column("missed_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_how", sa.Text(), nullable=True),
        sa.Column("rate_until", INSTANT, nullable=True),
        sa.Column("rated", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('emergency', 'enforcement', 'daily', 'community')", name=op.f("ck_summonses_kind")
        ),
        sa.CheckConstraint(
            "level IN ('grid', 'community', 'town', 'district', 'city')", name=op.f("ck_summonses_level")
        ),
        sa.PrimaryKeyConstraint("number", "summons", name=op.f("pk_summonses")),
        postgresql_with={"fillfactor": 80},
    )
    for side in ("unit", "town"):
        op.create_index(
            f"ix_summonses_by_{side}", "summonses", [side, "called_at", "number", "summons"], unique=False
        )


def _legs() -> None:
    # All three may be empty: the release before this one goes on writing legs without them.
    op.add_column("legs", sa.Column("joint_due_at", INSTANT, nullable=True))
    op.add_column("legs", sa.Column("mandatory", sa.Boolean(), nullable=True))
    op.add_column("legs", sa.Column("outcome", sa.Text(), nullable=True))


def _partner_messages() -> None:
    op.create_table(
        "partner_messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("message", CODE, nullable=False),
        sa.Column("case_id", CODE, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sent_at", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("free_at", INSTANT, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("delivered_at", INSTANT, nullable=True),
        sa.Column("assigned_by", sa.Text(), nullable=True),
        sa.Column("assigned_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "partner IN ('enforcement', 'affairs', 'volunteers')", name=op.f("ck_partner_messages_partner")
        ),
        sa.CheckConstraint(
            "via IN ('callback', 'poll', 'reconciliation', 'manual')", name=op.f("ck_partner_messages_via")
        ),
        sa.CheckConstraint(
            "delivery IN ('waiting', 'unknown', 'delivered', 'late', 'set_aside')",
            name=op.f("ck_partner_messages_delivery"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_messages")),
        sa.UniqueConstraint("partner", "message", name=op.f("uq_partner_messages_partner_message")),
    )
    op.create_index(op.f("ix_partner_messages_case_id"), "partner_messages", ["case_id"], unique=False)
    op.create_index(
        "ix_partner_messages_waiting",
        "partner_messages",
        ["free_at", "id"],
        unique=False,
        postgresql_where=sa.text("free_at IS NOT NULL"),
    )
    op.create_index(
        "ix_partner_messages_undelivered",
        "partner_messages",
        ["partner", "id"],
        unique=False,
        postgresql_where=sa.text("delivered_at IS NULL"),
    )


def _reconciliations() -> None:
    op.create_table(
        "reconciliations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=True),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("since", INSTANT, nullable=True),
        sa.Column("begun_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("compared", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("differences", JSONB, server_default=sa.text("'[]'"), nullable=False),
        sa.Column("repaired", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failure", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("free_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "partner IN ('enforcement', 'affairs', 'volunteers')", name=op.f("ck_reconciliations_partner")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliations")),
    )
    op.create_index(
        "uq_reconciliations_under_way",
        "reconciliations",
        ["partner"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(op.f("ix_reconciliations_partner_id"), "reconciliations", ["partner", "id"], unique=False)


def _affair_items() -> None:
    op.create_table(
        "affair_items",
        sa.Column("code", CODE, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("legal_days", sa.Integer(), nullable=False),
        sa.Column("promised_days", sa.Integer(), nullable=False),
        sa.Column("channels", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "audience IN ('persons', 'enterprises', 'both')", name=op.f("ck_affair_items_audience")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_affair_items")),
    )
    op.create_index(op.f("ix_affair_items_changed_at"), "affair_items", ["changed_at"], unique=False)
