"""By which other brands in its text the causes of a label were told apart.

Revision: 0011, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Without a batch: SQLite would copy the table of labels for a column that it can add.
    op.add_column("label", sa.Column("others", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("label", "others")
