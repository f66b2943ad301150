"""Digests of weeks and months beside those of days.

Revision: 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_OLD = ["brand_id", "day", "zone", "lang"]
_NEW = ["brand_id", "period", "day", "zone", "lang"]


def _name(columns: list[str]) -> str:
    return op.f("uq_digest_" + "_".join(columns))


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString()
    with op.batch_alter_table("digest") as digest:
        digest.add_column(sa.Column("period", text, nullable=False, server_default="day"))
        digest.drop_constraint(_name(_OLD), type_="unique")
        digest.create_unique_constraint(_name(_NEW), _NEW)
    with op.batch_alter_table("digest") as digest:
        digest.alter_column("period", server_default=None)


def downgrade() -> None:
    op.execute("DELETE FROM digest WHERE period <> 'day'")
    with op.batch_alter_table("digest") as digest:
        digest.drop_constraint(_name(_NEW), type_="unique")
        digest.create_unique_constraint(_name(_OLD), _OLD)
        digest.drop_column("period")
