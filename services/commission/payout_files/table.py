"""A batch as CSV: for banks that take a table, and for people who check one."""

import csv
import io

from services.commission.payout_files.payment import Order

COLUMNS = (
    "payout_id", "partner_id", "name", "iban", "account_number", "bic", "amount", "currency",
    "execute_on", "remittance", "books_amount", "books_currency", "rate",
)  # fmt: skip


def render(order: Order) -> bytes:
    """UTF-8, one payout a line, amounts in major units with a point. `rate` is empty where nothing was converted."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for payment in order.payments:
        account, money, books = payment.account, payment.money, payment.books
        to = (payment.name, account.iban or "", account.number or "", account.bic or "")
        what = (str(money), money.currency, order.execute_on.isoformat(), order.remittance(payment))
        writer.writerow((payment.id, payment.partner_id, *to, *what, str(books), books.currency, payment.rate or ""))
    return text.getvalue().encode()
