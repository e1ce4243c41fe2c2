"""What stands beside an amount as its working, redone by hand: the numbers that are shown give the amount that is paid."""

import pytest
from workbench import Line, Yaml, contract, one_settled

from settlement.settle import Settlement
from settlement.wording import wording


def shown(found: Settlement, term: str, month: str) -> tuple[int, str]:
    """The amount of a term in a month, and its working as a statement writes it."""
    row = next(row for (_, _, _, kind, at), row in found.entitlements.rows.items() if (kind, str(at)) == (term, month))
    return row.cents, wording("nl").formula(row.working)[1]


def budget(amounts: dict[str, str], **more: object) -> Yaml:
    return contract("A-1", {"taak": {"budget": {"article": "4.1", "paid": "twelfths", "amounts": amounts}, **more}})


def test_an_instalment_after_the_yearly_amount_changed_shows_the_amounts_that_it_adds_up():
    # Six months at 1.200 and one at 2.400: (6 × 1.200 + 2.400) ÷ 12 = 800; before: 600.
    found = one_settled(budget({"2018-01-01": "€ 1.200,00", "2018-07-01": "€ 2.400,00"}), {}, "2018-08")
    assert shown(found, "budget", "2018-07") == (200_00, "€ 9.600,00 ÷ 12 − € 600,00")
    assert shown(found, "budget", "2018-08") == (200_00, "€ 12.000,00 ÷ 12 − € 800,00")


def test_an_instalment_of_a_broken_year_shows_the_days_where_the_year_in_whole_cents_would_give_another_cent():
    # 92 of 365 days from 1 October, three parts. The year: 100,00 × 92 ÷ 365 = 25,2054… → 25,21. A third of that is
    # 8,40; so is 100,00 ÷ 3 × 92 ÷ 365 = 8,4018. Two thirds: 16,81 against 16,80, less 8,40: 8,40 and not 8,41.
    agreed = {**budget({"2018-10-01": "€ 100,00"}), "starts": "2018-10-01"}
    found = one_settled(agreed, {}, "2018-12")
    assert shown(found, "budget", "2018-10") == (8_40, "€ 25,21 × 1 ÷ 3")
    assert shown(found, "budget", "2018-11") == (8_40, "€ 200,00 ÷ 3 × 92 ÷ 365 − € 8,40")
    assert shown(found, "budget", "2018-12") == (8_41, "€ 25,21 × 3 ÷ 3 − € 16,80")


def test_a_minimum_that_is_not_whole_is_shown_as_the_fraction_that_it_is_and_misses_whole_clients():
    # 13 a year, to date 13 × 4 ÷ 12 = 4 1/3; two helped, 2 1/3 missing, so 2 whole: 2 × 1.300 ÷ 13 = 200.
    least = {
        "article": "4.2",
        "amounts": {"2018-01-01": "13"},
        "signal_below": "90 %",
        "settles": "on substantial deviation",
        "per_missing_client": "share of budget",
    }
    lines: list[Line] = [
        {"client": f"C{n}", "service": "taak", "start": "2018-01-05", "end": "2018-01-09", "reference": f"R{n}"}
        for n in range(2)
    ]
    found = one_settled(
        budget({"2018-01-01": "€ 1.300,00"}, minimum_clients=least), {"2018-01": lines, "2018-04": lines[:0]}, "2018-04"
    )
    assert shown(found, "minimum_clients", "2018-04") == (
        -200_00,
        "minimum 13, t/m nu 4 1/3, geholpen 2: − 2 × € 1.300,00 ÷ 13",
    )


@pytest.mark.parametrize(
    ("a_client", "told"),
    [
        # Of 1.200 a year 400 is earned up to April; two whole clients are missing: 2 × 200 takes just that, 2 × 201 would take more.
        ("€ 200,00", "− 2 × € 200,00"),
        ("€ 201,00", "− 2 × € 201,00; ten hoogste wat is verdiend, € 400,00"),
    ],
)
def test_a_minimum_that_takes_more_than_was_earned_names_that_as_its_bound(a_client, told):
    least = {
        "article": "4.2",
        "amounts": {"2018-01-01": "13"},
        "signal_below": "90 %",
        "settles": "on substantial deviation",
        "per_missing_client": a_client,
    }
    lines: list[Line] = [
        {"client": f"C{n}", "service": "taak", "start": "2018-01-05", "end": "2018-01-09", "reference": f"R{n}"}
        for n in range(2)
    ]
    found = one_settled(
        budget({"2018-01-01": "€ 1.200,00"}, minimum_clients=least), {"2018-01": lines, "2018-04": lines[:0]}, "2018-04"
    )
    cents, working = shown(found, "minimum_clients", "2018-04")
    assert cents == -400_00
    assert working.endswith(told)


def test_a_share_withheld_that_is_a_cent_off_the_month_shows_the_sum_to_date():
    # 3 % of 50,50 is 1,515 → 1,52; of 101,00 to date 3,03, so 1,51 in February, where 3 % of the month is 1,52.
    withhold = {
        "article": "6.7",
        "share": "3 %",
        "needs": {"dropout": "at most 10 %"},
        "minimum_responses": "2",
        "settles": "year_end",
    }
    agreed = contract(
        "A-1",
        {
            "taak": {
                "tariff": {"article": "6.1", "per": "hour", "amounts": {"2018-01-01": "€ 50,50"}},
                "withhold": withhold,
            }
        },
    )
    lines = {
        f"2018-0{n}": [
            {
                "client": "C1",
                "service": "taak",
                "start": f"2018-0{n}-05",
                "end": f"2018-0{n}-05",
                "quantity": "1",
                "unit": "uren",
                "reference": f"R{n}",
            }
        ]
        for n in (1, 2)
    }
    found = one_settled(agreed, lines, "2018-02")
    assert shown(found, "withhold", "2018-01") == (-152, "− € 50,50 × 3 %")
    assert shown(found, "withhold", "2018-02") == (
        -151, "− (€ 101,00 × 3 % = € 3,03; eerder ingehouden € 1,52); grondslag van deze maand € 50,50",
    )  # fmt: skip


def in_care(client: str, start: str, end: str, number: int) -> Line:
    return {"client": client, "service": "keuze", "start": start, "end": end, "reference": f"R{number}"}


def test_fees_per_client_show_the_clients_that_are_paid_times_the_fee_and_the_lines_where_those_are_more():
    # Counted on the first day: C1 and C2 are paid, C3 came on the 2nd. C1 has a second line, which pays nothing more.
    fee = {"article": "4.4", "per": "client and month", "counted_on": "first day", "amounts": {"2018-01-01": "€ 392,00"}}
    agreed = contract("A-1", {"keuze": {"person_fee": fee}})
    all_month = [in_care(f"C{n}", "2018-03-01", "2018-03-31", n) for n in (1, 2)]
    later = [in_care("C3", "2018-03-02", "2018-03-31", 3), in_care("C1", "2018-03-01", "2018-03-30", 4)]
    found = one_settled(agreed, {"2018-03": [*all_month, *later]}, "2018-03")
    assert shown(found, "person_fee", "2018-03") == (784_00, "2 jeugdigen × € 392,00 (4 regels)")
    found = one_settled(agreed, {"2018-03": all_month[:1]}, "2018-03")
    assert shown(found, "person_fee", "2018-03") == (392_00, "1 jeugdige × € 392,00")
    found = one_settled(agreed, {"2018-03": later[:1]}, "2018-03")
    assert shown(found, "person_fee", "2018-03") == (0, "1 regel, samen € 0,00")


def test_fees_at_two_prices_say_how_many_of_the_lines_are_paid():
    fee = {"article": "4.4", "per": "client and month", "counted_on": "last day",
           "amounts": {"2018-01-01": "€ 392,00", "2018-03-15": "€ 400,00"}}  # fmt: skip
    days = (("2018-03-01", "2018-03-31"), ("2018-03-20", "2018-03-31"), ("2018-03-01", "2018-03-30"))
    lines = [in_care(f"C{n}", *each, n) for n, each in enumerate(days)]
    found = one_settled(contract("A-1", {"keuze": {"person_fee": fee}}), {"2018-03": lines}, "2018-03")
    assert shown(found, "person_fee", "2018-03") == (792_00, "3 regels, waarvan 2 betaald, samen € 792,00")


@pytest.mark.parametrize(
    ("weeks", "told"),
    [
        ("sundays", "weken = zondagen, en een laatste gebroken week"),
        ("started", "elke begonnen week telt"),
        ("days", "dagen ÷ 7"),
    ],
)
def test_lines_by_the_week_say_how_their_weeks_are_counted(weeks, told):
    term = {"article": "4.2", "weeks": weeks, "amounts": {"2018-01-01": "€ 100,00"}}
    line = {**in_care("C1", "2018-04-01", "2018-04-18", 1), "allocation_start": "2018-04-01", "allocation_end": "2018-04-18"}
    found = one_settled(contract("A-1", {"keuze": {"weekly_tariff": term}}), {"2018-04": [line]}, "2018-04")
    [row] = found.entitlements.rows.values()
    assert told in wording("nl").formula(row.working)[0]


def test_lines_in_whole_hours_say_so_in_their_formula():
    term = {"article": "4.2", "per": "hour", "delivered_in": "minute", "whole_hours": "per period", "amounts": {"2018-01-01": "€ 60,00"}}
    line = {**in_care("C1", "2018-04-01", "2018-04-18", 1), "quantity": "100", "unit": "minuten"}
    found = one_settled(contract("A-1", {"keuze": {"tariff": term}}), {"2018-04": [line]}, "2018-04")
    # 100 minutes are two whole hours.
    assert shown(found, "tariff", "2018-04") == (120_00, "1 regel, samen € 120,00")
    [row] = found.entitlements.rows.values()
    assert "afgerond op hele uren" in wording("nl").formula(row.working)[0]
