"""Give an account another identifier."""

from collections.abc import Sequence

from services.registration.domain.accounts.identifiers import Identifier
from services.registration.domain.accounts.refusals import IdentifierTaken, NothingNew
from services.registration.domain.values import AccountId
from services.registration.store import account_book, account_keys
from services.registration.use_cases.accounts.change import Author, hold
from services.registration.use_cases.change import Expects, any_version
from shared.chassis.database import UnitOfWork


async def alias(
    uow: UnitOfWork, account_id: AccountId, names: Sequence[Identifier], author: Author, *, expects: Expects = any_version
) -> set[Identifier]:
    """The identifiers that are new to the account. Raises IdentifierTaken, NothingNew and what `hold` raises."""
    await hold(uow, account_id, expects=expects)
    added = await account_book.add_names(uow, account_id, names)
    for name in sorted(set(names) - added):
        if (holder := await account_book.holder(uow, name)) != account_id:
            raise IdentifierTaken(identifier=" ".join(name), holder=holder)
    if not added:
        raise NothingNew
    await account_keys.replace(uow, [account_id])
    await account_book.touch(uow, account_id)
    details = {"identifiers": [[name.kind.value, name.value] for name in sorted(added)]}
    await account_book.record(uow, "alias", account_id, None, by=author.name, because=author.because, details=details)
    return added
