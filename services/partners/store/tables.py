"""The tables of this service; both hold rows of one partner and are isolated by row-level security."""

import sqlalchemy as sa

from shared.chassis.database import NAMING

metadata = sa.MetaData(naming_convention=NAMING)
SHARED_TABLES: frozenset[str] = frozenset()

partners = sa.Table(
    "partners",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("country", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("enrolled_at", sa.DateTime(timezone=True)),
    sa.CheckConstraint("state not in ('active', 'suspended') or enrolled_at is not null", name="enrolled"),
    sa.Index(None, "name"),
)

contacts = sa.Table(
    "contacts",
    metadata,
    sa.Column("person_id", sa.Uuid, primary_key=True),
    sa.Column("partner_id", sa.Uuid, sa.ForeignKey("partners.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("role", sa.Text),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index(None, "partner_id", "person_id"),
)
