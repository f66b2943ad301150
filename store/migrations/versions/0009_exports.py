"""Exports that were written, and who is never to be collected again.

Revision: 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString()
    time = sqlmodel.sql.sqltypes.UTCDateTime()
    op.create_table(
        "export_run",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("made_at", time, nullable=False),
        sa.Column("path", text, nullable=False),
        sa.Column("format", text, nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("since_sequence", sa.BigInteger(), nullable=True),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.Column("mentions", sa.BigInteger(), nullable=False),
        sa.Column("sha256", text, nullable=False),
        sa.Column("pseudonymous", sa.Boolean(), nullable=False),
        sa.Column("code_version", text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_run")),
    )
    op.create_index("ix_export_run_sha256", "export_run", ["sha256"])
    op.create_table(
        "forgotten",
        sa.Column("key", text, nullable=False),
        sa.Column("at", time, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_forgotten")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("forgotten")
    op.drop_index("ix_export_run_sha256", table_name="export_run")
    op.drop_table("export_run")
