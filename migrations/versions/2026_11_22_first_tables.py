"""The first tables: intake, timeline and what is made from them; policies, identities, keys, signs of life.

Revision: 0001, the first.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import UserDefinedType

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

CODE = sa.Text(collation="C")
DEGREES: sa.types.TypeEngine[float] = sa.Double()
INSTANT = sa.DateTime(timezone=True)
APPEND_ONLY = ("intake", "timeline", "policies", "identity_reads", "anchors")


class TransactionId(UserDefinedType[int]):
    """PostgreSQL's ``xid8``."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


def upgrade() -> None:
    op.execute("CREATE SEQUENCE request_numbers")
    _intake()
    _waiting_intake()
    _timeline()
    _requests()
    _legs()
    _answers()
    _notices()
    _policies()
    _identity()
    _identity_reads()
    _api_keys()
    _anchors()
    _heartbeats()
    _uptime()
    _append_only()


def _intake() -> None:
    op.create_table(
        "intake",
        sa.Column("number", CODE, nullable=False),
        sa.Column("query_code", CODE, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("caller_ref", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("body", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_intake")),
        sa.UniqueConstraint("key", name=op.f("uq_intake_key")),
        sa.UniqueConstraint("query_code", name=op.f("uq_intake_query_code")),
    )
    op.create_index(op.f("ix_intake_received_at"), "intake", ["received_at"], unique=False)
    op.create_index(
        "ix_intake_by_caller",
        "intake",
        ["caller_ref"],
        unique=False,
        postgresql_where=sa.text("caller_ref IS NOT NULL"),
    )


def _waiting_intake() -> None:
    op.create_table(
        "waiting_intake",
        sa.Column("number", CODE, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("free_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_waiting_intake")),
    )
    op.create_index(
        op.f("ix_waiting_intake_free_at_number"), "waiting_intake", ["free_at", "number"], unique=False
    )


def _timeline() -> None:
    op.create_table(
        "timeline",
        sa.Column("number", CODE, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("actor", JSONB, nullable=False),
        sa.Column("fact", JSONB, nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("feed_tx", TransactionId(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("feed_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.CheckConstraint("seq > 0", name=op.f("ck_timeline_seq")),
        sa.PrimaryKeyConstraint("number", "seq", name=op.f("pk_timeline")),
    )
    op.create_index(op.f("ix_timeline_feed_tx_feed_id"), "timeline", ["feed_tx", "feed_id"], unique=False)
    op.create_index(
        "ix_timeline_rulings",
        "timeline",
        ["at"],
        unique=False,
        postgresql_where=sa.text("kind = 'dispute_ruled'"),
    )
    op.create_index(
        "ix_timeline_yellow_cards",
        "timeline",
        ["at"],
        unique=False,
        postgresql_where=sa.text("kind = 'supervised' AND fact ->> 'card' = 'yellow_card'"),
    )


def _requests() -> None:
    op.create_table(
        "requests",
        sa.Column("number", CODE, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("request_type", sa.Text(), nullable=False),
        sa.Column("category", CODE, nullable=True),
        sa.Column("category_group", CODE, nullable=True),
        sa.Column("area", CODE, nullable=True),
        sa.Column("latitude", DEGREES, nullable=True),
        sa.Column("longitude", DEGREES, nullable=True),
        sa.Column("district", CODE, nullable=True),
        sa.Column("policy", sa.Text(), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("urgency", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("unit", CODE, nullable=True),
        sa.Column("unit_zh", sa.Text(), nullable=True),
        sa.Column("unit_en", sa.Text(), nullable=True),
        sa.Column("light", sa.Text(), nullable=False),
        sa.Column("card", sa.Text(), nullable=True),
        sa.Column("supervised_by", sa.Text(), nullable=True),
        sa.Column("black_listed_at", sa.Text(), nullable=True),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("accepted_at", INSTANT, nullable=True),
        sa.Column("submitted_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_how", sa.Text(), nullable=True),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.Column("next_due_at", INSTANT, nullable=True),
        sa.Column("total_due_at", INSTANT, nullable=True),
        sa.Column("total_due_provisional", sa.Boolean(), nullable=False),
        sa.Column("urge_count", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("solved", sa.Boolean(), nullable=True),
        sa.Column("satisfied", sa.Boolean(), nullable=True),
        sa.Column("applications", sa.Text(), nullable=False),
        sa.Column("reassignments", sa.Integer(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("exclusion", sa.Text(), nullable=True),
        sa.Column("parent", sa.Text(collation="C"), nullable=True),
        sa.Column("repeat_of", sa.Text(collation="C"), nullable=True),
        sa.Column("group_matter", sa.Boolean(), nullable=False),
        sa.Column("commitment_due", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "black_listed_at IN ('community', 'town', 'district', 'district_leader', 'city')",
            name=op.f("ck_requests_black_listed_at"),
        ),
        sa.CheckConstraint("card IN ('yellow_card', 'red_card')", name=op.f("ck_requests_card")),
        sa.CheckConstraint("exclusion IN ('unreasonable', 'malicious')", name=op.f("ck_requests_exclusion")),
        sa.CheckConstraint(
            "level IN ('grid', 'community', 'town', 'district', 'city')", name=op.f("ck_requests_level")
        ),
        sa.CheckConstraint("light IN ('green', 'yellow', 'red', 'black')", name=op.f("ck_requests_light")),
        sa.CheckConstraint(
            "state IN ('registered', 'awaiting_info', 'pending_dispatch', 'admission_review', 'pending_sign', "
            "'in_dispute', 'in_progress', 'suspended', 'in_deliberation', 'awaiting_partner', 'pending_review', "
            "'pending_callback', 'closed', 'answered_directly', 'not_accepted', 'merged', 'withdrawn', "
            "'transferred_out', 'voided')",
            name=op.f("ck_requests_state"),
        ),
        sa.CheckConstraint(
            "supervised_by IN ('community', 'town', 'district', 'district_leader', 'city')",
            name=op.f("ck_requests_supervised_by"),
        ),
        sa.CheckConstraint(
            "visibility IN ('public', 'party', 'lead_only', 'sealed')", name=op.f("ck_requests_visibility")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_requests")),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("ix_requests_by_arrival", "requests", ["received_at", "number"], unique=False)
    op.create_index(
        "ix_requests_by_district", "requests", ["district", "received_at", "number"], unique=False
    )
    op.create_index(
        "ix_requests_open_by_arrival",
        "requests",
        ["received_at", "number"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_requests_open_by_due",
        "requests",
        [sa.literal_column("coalesce(total_due_at, 'infinity'::timestamptz)"), "number"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_requests_by_parent",
        "requests",
        ["parent"],
        unique=False,
        postgresql_where=sa.text("parent IS NOT NULL"),
    )
    op.create_index(
        "ix_requests_by_repeat",
        "requests",
        ["repeat_of"],
        unique=False,
        postgresql_where=sa.text("repeat_of IS NOT NULL"),
    )
    op.create_index(
        "ix_requests_open_by_matter",
        "requests",
        ["category_group", "area", "received_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_requests_open_by_place",
        "requests",
        ["category_group", "latitude"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL AND latitude IS NOT NULL"),
    )
    op.create_index(
        "ix_requests_undecided",
        "requests",
        ["received_at", "number"],
        unique=False,
        postgresql_where=sa.text("applications <> ''"),
    )
    op.create_index(
        "ix_requests_by_commitment",
        "requests",
        ["commitment_due"],
        unique=False,
        postgresql_where=sa.text("commitment_due IS NOT NULL"),
    )
    op.create_index(
        "ix_requests_by_next_due",
        "requests",
        ["next_due_at"],
        unique=False,
        postgresql_where=sa.text("next_due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_requests_open_by_unit",
        "requests",
        ["unit", "received_at", "number"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _legs() -> None:
    op.create_table(
        "legs",
        sa.Column("number", CODE, nullable=False),
        sa.Column("leg", CODE, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("unit", CODE, nullable=False),
        sa.Column("unit_zh", sa.Text(), nullable=False),
        sa.Column("unit_en", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("area", CODE, nullable=False),
        sa.Column("duty_entry", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("awaits", sa.Integer(), nullable=False),
        sa.Column("dispatched_at", INSTANT, nullable=False),
        sa.Column("signed_at", INSTANT, nullable=True),
        sa.Column("auto_signed_at", INSTANT, nullable=True),
        sa.Column("first_contact_at", INSTANT, nullable=True),
        sa.Column("replied_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("ended_how", sa.Text(), nullable=True),
        sa.Column("late", sa.Text(), nullable=False),
        sa.Column("sign_due_at", INSTANT, nullable=True),
        sa.Column("dwell_due_at", INSTANT, nullable=True),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("delegated_by", CODE, nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "level IN ('grid', 'community', 'town', 'district', 'city')", name=op.f("ck_legs_level")
        ),
        sa.CheckConstraint("role IN ('lead', 'joint')", name=op.f("ck_legs_role")),
        sa.CheckConstraint(
            "state IN ('pending_sign', 'in_progress', 'replied', 'ended')", name=op.f("ck_legs_state")
        ),
        sa.PrimaryKeyConstraint("number", "leg", name=op.f("pk_legs")),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("ix_legs_by_area", "legs", ["area", "dispatched_at", "number", "leg"], unique=False)
    op.create_index("ix_legs_by_unit", "legs", ["unit", "dispatched_at", "number", "leg"], unique=False)
    op.create_index(
        "ix_legs_open_by_area",
        "legs",
        ["area", "dispatched_at", "number", "leg"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_legs_open_by_unit",
        "legs",
        ["unit", "dispatched_at", "number", "leg"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", CODE, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("answer", JSONB, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_answers")),
    )
    op.create_index(op.f("ix_answers_number"), "answers", ["number"], unique=False)


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", CODE, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recipient", CODE, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text_zh", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notices")),
    )
    op.create_index("ix_notices_by_recipient", "notices", ["recipient", "at", "key"], unique=False)
    op.create_index(
        "ix_notices_unread",
        "notices",
        ["recipient", "at", "key"],
        unique=False,
        postgresql_where=sa.text("read_at IS NULL"),
    )


def _policies() -> None:
    op.create_table(
        "policies",
        sa.Column("code", CODE, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", JSONB, nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("active_from", INSTANT, nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_policies_version")),
        sa.PrimaryKeyConstraint("code", "version", name=op.f("pk_policies")),
    )


def _identity() -> None:
    op.create_table(
        "identity",
        sa.Column("caller_ref", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("telephone", sa.LargeBinary(), nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("erased_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("caller_ref", name=op.f("pk_identity")),
    )
    op.create_index(
        "ix_identity_by_fingerprint",
        "identity",
        ["fingerprint", "created_at"],
        unique=False,
        postgresql_where=sa.text("fingerprint IS NOT NULL"),
    )


def _identity_reads() -> None:
    op.create_table(
        "identity_reads",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("caller_ref", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_reads")),
    )
    op.create_index(
        op.f("ix_identity_reads_caller_ref_at"), "identity_reads", ["caller_ref", "at"], unique=False
    )


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("roles", ARRAY(sa.Text()), nullable=False),
        sa.Column("unit", CODE, nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "level IN ('grid', 'community', 'town', 'district', 'city')", name=op.f("ck_api_keys_level")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_keys_hash")),
    )


def _anchors() -> None:
    op.create_table(
        "anchors",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("until_tx", TransactionId(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("stories", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("prev_digest", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.CheckConstraint("id > 0", name=op.f("ck_anchors_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anchors")),
    )


def _heartbeats() -> None:
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeats")),
    )


def _uptime() -> None:
    op.create_table(
        "uptime",
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("started_at", name=op.f("pk_uptime")),
    )


def _append_only() -> None:
    """Let PostgreSQL itself refuse what nobody may do to the record."""
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'restrict_violation';
        END $$
    """)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
