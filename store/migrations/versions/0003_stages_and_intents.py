"""Stage, expectation and severity of causes; intents.

Revision: 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString()
    op.add_column("cause_link", sa.Column("stage", text, nullable=True))
    op.add_column("cause_link", sa.Column("expectation", text, nullable=True))
    op.add_column("cause_link", sa.Column("severity", sa.Integer(), nullable=True))
    op.create_table(
        "intent_link",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("label_id", sa.BigInteger(), nullable=False),
        sa.Column("intent", text, nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("evidence_start", sa.Integer(), nullable=False),
        sa.Column("evidence_end", sa.Integer(), nullable=False),
        sa.Column("rival", text, nullable=True),
        sa.ForeignKeyConstraint(
            ["label_id"], ["label.id"], name=op.f("fk_intent_link_label_id_label")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intent_link")),
    )
    op.create_index("ix_intent_link_label", "intent_link", ["label_id", "intent"])


def downgrade() -> None:
    op.drop_table("intent_link")
    with op.batch_alter_table("cause_link") as cause_link:
        for name in ("stage", "expectation", "severity"):
            cause_link.drop_column(name)
