"""Record rules of payouts or disputes: they hold from now on, and former ones stay on record."""

from services.commission.store.rule_book import R, RecordedRules, RuleBook
from shared.chassis.database import UnitOfWork


async def record_rules(uow: UnitOfWork, book: RuleBook[R], rules: R, *, by: str, reason: str) -> RecordedRules[R]:
    """The next version, as it was kept."""
    await uow.lock(book.table)
    former = await book.current(uow)
    await book.add(uow, rules, version=former.version + 1, by=by, reason=reason)
    return await book.current(uow)
