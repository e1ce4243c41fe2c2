"""The payment advice as finance's bank software and Dutch Excel read it."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest

from settlement.domain.records import Payment
from settlement.statements.payments import payment_advice


def payment(cents: int = 45_870_950, **changes: str) -> Payment:
    values = {
        "statement": "BS-2018-03-UTR-AJ-2018-07",
        "contract": "UTR-AJ-2018-07",
        "provider_name": "Stichting De Linde Jeugdhulp",
        "creditor": "100482",
        "iban": "NL20INGB0001234567",
        "reference": "2018-03 UTR-AJ-2018-07",
        **changes,
    }
    return Payment(**values, cents=cents, pay_by=dt.date(2018, 4, 30))


def rows(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_a_payment_is_one_row_with_creditor_iban_amount_reference_and_contract():
    heading, row = rows(payment_advice([payment()]))
    assert heading == [
        "Crediteurnummer", "Naam", "IBAN", "Bedrag", "Omschrijving", "Contract", "Betaalspecificatie", "Uiterste betaaldatum"
    ]  # fmt: skip
    assert row == [
        "100482", "Stichting De Linde Jeugdhulp", "NL20INGB0001234567", "458709,50", "2018-03 UTR-AJ-2018-07",
        "UTR-AJ-2018-07", "BS-2018-03-UTR-AJ-2018-07", "2018-04-30",
    ]  # fmt: skip


def test_no_payments_give_the_headings_alone():
    assert len(rows(payment_advice([]))) == 1


def test_amounts_below_ten_cents_keep_their_places():
    assert [row[3] for row in rows(payment_advice([payment(5), payment(100)]))[1:]] == ["0,05", "1,00"]


def test_a_name_cannot_become_a_formula_or_another_field():
    content = payment_advice([payment(provider_name='=1+1;"x"\r\nNL00', creditor="@7")])
    row = rows(content)[1]
    assert len(rows(content)) == 2
    assert row[:2] == ["'@7", "'=1+1;\"x\" NL00"]


def test_a_payment_of_nothing_is_ours_to_prevent():
    with pytest.raises(ValueError, match="BS-2018-03"):
        payment_advice([payment(0)])


def test_the_advice_speaks_english_on_request_and_keeps_its_decimals():
    heading, row = rows(payment_advice([payment()], "en"))
    assert heading[3] == "Amount"
    assert row[3] == "458709,50"
