"""What waiting facts are about, so that those about one thing are found without looking at all."""

from alembic import op

from shared.chassis.database.waiting import no_subject_of_waiting_facts, subject_of_waiting_facts

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    subject_of_waiting_facts(op)


def downgrade() -> None:
    no_subject_of_waiting_facts(op)
