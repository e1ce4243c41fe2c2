"""The payment advice: what finance pays, as a CSV that Dutch Excel opens in columns."""

from __future__ import annotations

from collections.abc import Sequence

from settlement.domain.records import Payment
from settlement.wording import Language, wording
from settlement.wording.outside import for_csv

_HEADINGS = ("creditor", "name", "iban", "amount", "bank reference", "contract", "statement number", "pay by")


def payment_advice(payments: Sequence[Payment], language: Language = "nl") -> bytes:
    """The advice: UTF-8 with its mark, ``;`` between fields, amounts as ``1234,50``, days as ``2018-04-30``.

    One row for each payment, in the order given; the total stands in the run's receipt and not here, so that every row
    is a payment. Text that a spreadsheet would take for a formula is defused. Raises ``ValueError`` for a payment that
    is not above nought: only we can get that wrong.
    """
    words = wording(language)
    rows = [[words.text(heading) for heading in _HEADINGS]]
    for payment in payments:
        if payment.cents <= 0:
            raise ValueError(f"a payment must be above nought: {payment.statement}")
        rows.append(
            [
                payment.creditor,
                payment.provider_name,
                payment.iban,
                f"{payment.cents // 100},{payment.cents % 100:02d}",
                payment.reference,
                payment.contract,
                payment.statement,
                payment.pay_by.isoformat(),
            ]
        )
    return ("\ufeff" + "".join(";".join(map(_field, row)) + "\r\n" for row in rows)).encode()


def _field(text: str) -> str:
    """One field; quoted when it holds what would end it."""
    text = for_csv(text)
    return '"{}"'.format(text.replace('"', '""')) if ";" in text or '"' in text else text
