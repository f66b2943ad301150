"""Reading mentions again, facts about authors, states of sources, money spent.

Revision: 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString()
_NOT_NULL = sa.text("reread_at IS NOT NULL")


def upgrade() -> None:
    op.add_column(
        "source", sa.Column("outcome_since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True)
    )
    op.add_column(
        "source", sa.Column("rereads", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("mention", sa.Column("author_verified", sa.Boolean(), nullable=True))
    op.add_column(
        "mention",
        sa.Column("author_created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    )
    op.add_column("mention", sa.Column("author_location", _TEXT, nullable=False, server_default=""))
    op.add_column(
        "mention", sa.Column("reread_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True)
    )
    op.create_index(
        "ix_mention_reread",
        "mention",
        ["reread_at"],
        sqlite_where=_NOT_NULL,
        postgresql_where=_NOT_NULL,
    )
    op.create_table(
        "spending",
        sa.Column("account", _TEXT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "day", name=op.f("pk_spending")),
    )


def downgrade() -> None:
    op.drop_table("spending")
    op.drop_index("ix_mention_reread", table_name="mention")
    for name in ("reread_at", "author_location", "author_created_at", "author_verified"):
        op.drop_column("mention", name)
    for name in ("rereads", "outcome_since"):
        op.drop_column("source", name)
