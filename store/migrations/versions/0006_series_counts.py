"""Counts by brand, series and bucket; the kinds of alerts get their full names.

Revision: 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "series_count",
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("series", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brand.id"], name=op.f("fk_series_count_brand_id_brand")
        ),
        sa.PrimaryKeyConstraint("brand_id", "series", "day", name=op.f("pk_series_count")),
        sqlite_with_rowid=False,
    )
    op.execute("UPDATE alert SET kind = 'negative_count' WHERE kind = 'negative'")


def downgrade() -> None:
    op.execute("UPDATE alert SET kind = 'negative' WHERE kind = 'negative_count'")
    op.drop_table("series_count")
