"""Products and places that mentions speak of, and mentions that a brand's own accounts wrote.

Revision: 0010, after 0009.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_SERIES = [
    *("brand_id", "published_at", "mention_id", "cluster_id", "author_key", "followers"),
    *("revision", "deleted"),
]


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString()
    op.create_table(
        "facet",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("brand_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("slug", text, nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name=op.f("fk_facet_brand_id_brand")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facet")),
        sa.UniqueConstraint("brand_id", "kind", "slug", name=op.f("uq_facet_brand_id_kind_slug")),
    )
    op.create_table(
        "facet_link",
        sa.Column("brand_mention_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("facet_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("about", sa.Boolean(), nullable=False),
        sa.Column("term", text, nullable=False),
        sa.ForeignKeyConstraint(
            ["brand_mention_id"],
            ["brand_mention.id"],
            name=op.f("fk_facet_link_brand_mention_id_brand_mention"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["facet_id"], ["facet.id"], name=op.f("fk_facet_link_facet_id_facet")
        ),
        sa.PrimaryKeyConstraint(
            "brand_mention_id", "facet_id", "about", name=op.f("pk_facet_link")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_facet_link_facet", "facet_link", ["facet_id", "about", "brand_mention_id"])
    # Without a batch: SQLite would copy the largest table but one for a column that it can add.
    op.add_column(
        "brand_mention", sa.Column("own", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.drop_index("ix_brand_mention_series", table_name="brand_mention")
    op.create_index("ix_brand_mention_series", "brand_mention", [*_SERIES, "own"])


def downgrade() -> None:
    op.drop_index("ix_brand_mention_series", table_name="brand_mention")
    op.create_index("ix_brand_mention_series", "brand_mention", _SERIES)
    op.drop_column("brand_mention", "own")
    op.drop_index("ix_facet_link_facet", table_name="facet_link")
    op.drop_table("facet_link")
    op.drop_table("facet")
