"""What migrations say of tables: the chassis's own set, isolation between partners, and shared tables with their rights."""

from typing import TYPE_CHECKING

from shared.chassis.database.tables import API_RIGHTS, chassis_metadata

if TYPE_CHECKING:
    from alembic.operations import Operations

_OPERATOR = "current_setting('hansa.operator', true) = 'on'"
# Which rows of the chassis's own tables the API role reaches: events of all partners are for operators, an answer is for its caller.
_CHASSIS_RULES = {
    "waiting_facts": _OPERATOR,
    "refusals": _OPERATOR,
    "parked_streams": _OPERATOR,
    "dead_letters": _OPERATOR,
    "idempotency_keys": f"split_part(subject, '/', 1) = coalesce(current_setting('hansa.partner', true), '') or {_OPERATOR}",
}


def _role(op: "Operations", kind: str) -> str:
    """`hansa_<service>_<kind>`: the roles are named after the database."""
    return f"{op.get_bind().engine.url.database}_{kind}"


def chassis_tables(op: "Operations") -> None:
    """Create outbox, inbox, dead letters and the like, with the API's rights on each."""
    chassis_metadata.create_all(op.get_bind())
    for table, rights in API_RIGHTS.items():
        share(op, table, api=rights)
    for table, rule in _CHASSIS_RULES.items():
        _hold(op, table, rule)


def share(op: "Operations", table: str, *, api: str) -> None:
    """A table without rows of one partner: the worker may do all, the API role `api` ("select", "all", …)."""
    op.execute(f'grant all on table "{table}" to "{_role(op, "worker")}"')
    if api:
        op.execute(f'grant {api} on table "{table}" to "{_role(op, "api")}"')


def isolate(op: "Operations", table: str, *, partner_column: str = "partner_id") -> None:
    """Row-level security: the API role sees the rows of its own partner, an operator all; worker and migrator all rows.

    Forced, so that it binds the owner too; without a policy of its own the migrator's UPDATE would change nothing, silently.
    """
    mine = f"{partner_column} = nullif(current_setting('hansa.partner', true), '')::uuid"
    _hold(op, table, f"{mine} or {_OPERATOR}")
    share(op, table, api="select, insert, update, delete")


def keep_for_staff(op: "Operations", table: str, *, api: str, anyone_writes: bool = False) -> None:
    """A table that no partner reads: the API role sees its rows for operators alone. `anyone_writes`: a partner's request may add some."""
    _hold(op, table, _OPERATOR)
    if anyone_writes:
        op.execute(f'create policy {table}_written on "{table}" for insert to "{_role(op, "api")}" with check (true)')
    share(op, table, api=api)


def _hold(op: "Operations", table: str, rule: str) -> None:
    op.execute(f'alter table "{table}" enable row level security')
    op.execute(f'alter table "{table}" force row level security')
    for kind, condition in (("migrator", "true"), ("worker", "true"), ("api", rule)):
        op.execute(f'create policy {table}_{kind} on "{table}" to "{_role(op, kind)}" using ({condition}) with check ({condition})')
