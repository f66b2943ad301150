"""Parts of signatures by which nearly equal texts are found.

Revision: 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "near_key",
        sa.Column("band", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mention_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["mention_id"],
            ["mention.id"],
            name=op.f("fk_near_key_mention_id_mention"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("band", "mention_id", name=op.f("pk_near_key")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_near_key_mention_id"), "near_key", ["mention_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_near_key_mention_id"), table_name="near_key")
    op.drop_table("near_key")
