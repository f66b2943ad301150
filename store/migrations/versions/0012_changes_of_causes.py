"""Causes that a person added or struck out, apart from those she left to the model.

Revision: 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# What counted stays: the schema before knows nothing but all causes of a mention.
_MODELS = """
INSERT INTO correction_cause (correction_id, cause, polarity, applies)
SELECT correction.id, cause_link.cause, MIN(cause_link.polarity), TRUE
FROM correction
JOIN brand_mention ON brand_mention.mention_id = correction.mention_id
  AND brand_mention.brand_id = correction.brand_id
JOIN model_version ON model_version.current
JOIN label ON label.mention_id = correction.mention_id AND label.brand_id = correction.brand_id
  AND label.revision = brand_mention.revision AND label.version_id = model_version.id
JOIN cause_link ON cause_link.label_id = label.id
WHERE NOT correction.has_causes
  AND EXISTS (SELECT 1 FROM correction_cause AS said WHERE said.correction_id = correction.id)
  AND NOT EXISTS (SELECT 1 FROM correction_cause AS said
    WHERE said.correction_id = correction.id AND said.cause = cause_link.cause)
GROUP BY correction.id, cause_link.cause
"""
_WHOLE = """
UPDATE correction SET has_causes = TRUE
WHERE EXISTS (SELECT 1 FROM correction_cause AS said WHERE said.correction_id = correction.id)
"""


def upgrade() -> None:
    # Without a batch: SQLite can add the column; until now all that people named applied.
    op.add_column(
        "correction_cause",
        sa.Column("applies", sa.Boolean(), nullable=False, server_default=sa.true()),
    )


def downgrade() -> None:
    for statement in (_MODELS, _WHOLE, "DELETE FROM correction_cause WHERE NOT applies"):
        op.execute(statement)
    op.drop_column("correction_cause", "applies")
