"""Every JW323 is answered by one JW325: approved whole, or a line, client, claim or message refused with its code."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from claims import (
    AGB,
    ANNA,
    APRIL,
    BRAM,
    CARLA,
    SERVICES,
    Office,
    agreed,
    euros,
    message,
    minutes,
    nights,
    refused,
    to_pay,
    weeks,
)
from workbench import files_in

from settlement.deliveries.personal import is_service_number
from settlement.domain.periods import Month
from settlement.run.balance import OutOfBalance
from settlement.run.blocked import Blocked

FEBRUARY = Month(2018, 2)
IN_FEBRUARY = {"start": "2018-02-01", "end": "2018-02-28"}


@pytest.fixture
def office(tmp_path) -> Office:
    return Office(tmp_path)


def codes(text: str) -> dict[str, list[str]]:
    """What an answer says: header, claim, each client and each line, by its own number."""
    found: dict[str, list[str]] = {}
    header, _, rest = text.partition("</jw325:Header>")
    found["header"] = re.findall(r"RetourCode>(\w+)<", header)
    for client in re.findall(r"<jw325:Client>.*?</jw325:Client>", rest, re.DOTALL):
        (bsn,) = re.findall(r"<jw325:Bsn>(\d+)<", client)
        lines, _, own = client.partition("</jw325:Prestaties>")
        for line in re.findall(r"<jw325:Prestatie>.*?</jw325:Prestatie>", lines, re.DOTALL):
            found[re.findall(r"<ijw:ReferentieNummer>(.+?)<", line)[0]] = re.findall(r"RetourCode>(\w+)<", line)
        found[bsn] = re.findall(r"RetourCode>(\w+)<", own)
    if "DeclaratieAntwoord" in rest:
        found["claim"] = re.findall(r"RetourCode>(\w+)<", rest.rpartition("</jw325:Clienten>")[2])
    return found


def totals(text: str) -> list[tuple[int, str]]:
    """Submitted and granted, in cents, with D or C."""
    pairs = re.findall(r"<ijw:TotaalBedrag>(\d+)</ijw:TotaalBedrag>\s*<ijw:DebetCredit>(.)<", text)
    return [(int(cents), direction) for cents, direction in pairs]


def answer_of(computed) -> str:
    (content,) = computed.answers.values()
    return content.decode()


# ---- approved whole --------------------------------------------------------------------------------------


def test_hours_in_minutes_nights_and_weeks_as_pieces_and_in_euros_are_granted_whole(office):
    # 95 minutes at € 62,35 an hour: 98,7208… is 98,72. 31 nights at 210,00. Four Sundays: 4 × 100,00 and 4 × 300,00.
    office.receive(message({
        ANNA: [minutes("R1", 95, 98_72), nights("R2", 31)],
        BRAM: [weeks("R3", 4), euros("R4", 1_200_00, "45R02", allocation="10075")],
    }))  # fmt: skip
    computed = office.compute()
    assert refused(computed) == []
    assert to_pay(computed) == {"M-1": 98_72 + 6_510_00 + 400_00 + 1_200_00}
    text = answer_of(computed)
    assert codes(text) == {"header": ["0200"], "claim": ["8001"]}
    assert totals(text) == [(8_208_72, "D"), (8_208_72, "D")]
    assert "Clienten" not in text


def test_the_answer_is_addressed_back_names_what_it_answers_and_lies_in_the_providers_own_folder(office):
    office.receive(message({ANNA: [minutes("R1")]}))
    office.draft()
    (path,) = (office.workspace.outputs / "2018-03").glob("messages/*/*.xml")
    assert re.fullmatch(rf"{AGB}/JW325-0599-[0-9a-f]{{12}}\.xml", path.relative_to(path.parents[1]).as_posix())
    text = path.read_text(encoding="utf-8")
    assert "<jw325:Afzender>0599</jw325:Afzender>\n    <jw325:Ontvanger>22220001</jw325:Ontvanger>" in text
    assert "<ijw:Identificatie>ID001</ijw:Identificatie>\n      <ijw:Dagtekening>2018-04-05</ijw:Dagtekening>" in text
    assert "<ijw:BasisschemaXsdVersie>1.2.0<" in text.partition("XsdVersieDeclaratie")[2]
    first = files_in(office.workspace.outputs)
    office.draft()
    assert files_in(office.workspace.outputs) == first


# ---- refused on every level ------------------------------------------------------------------------------


def earlier(office: Office) -> None:
    """February: Anna an hour, Bram 28 nights; granted and final."""
    office.receive(message(
        {ANNA: [minutes("F1", **IN_FEBRUARY)], BRAM: [nights("F2", 28, **IN_FEBRUARY)]},
        number="DN000", identification="ID000", period=FEBRUARY, dated="2018-03-05",
    ), month=FEBRUARY)  # fmt: skip
    office.draft(FEBRUARY)
    office.approve(FEBRUARY)


def test_an_answer_with_refusals_on_every_level_is_to_the_letter_what_the_rules_for_filling_say(office):
    """Anna: F1 is credited and claimed again with 90 minutes (93,525 is 93,53): granted. R2 multiplies with the tariff
    that is rounded to be shown. Bram: R3 has a product that is not agreed; R4, four weeks, is granted. Carla: C2 credits a
    line of Bram's, so she is not this client, and R5 is not judged.

    Submitted −62,35 + 93,53 + 62,40 + 6.510,00 + 400,00 − 5.880,00 + 2.100,00 = 3.223,58; granted −62,35 + 93,53 +
    400,00 = 431,18; refused 62,40 + 6.510,00 − 5.880,00 + 2.100,00 = 2.792,40, the difference.
    """
    earlier(office)
    office.receive(message({
        ANNA: [minutes("C1", previous="F1", **IN_FEBRUARY), minutes("R1", 90, 93_53, **IN_FEBRUARY), minutes("R2", 60, 62_40)],
        BRAM: [dataclasses.replace(nights("R3", 31), code="43A99"), weeks("R4", 4)],
        CARLA: [nights("R5", 10, "10088"), nights("C2", 28, previous="F2", **IN_FEBRUARY)],
    }))  # fmt: skip
    computed = office.compute()
    assert refused(computed) == [
        (3, "amount-differs", "9346"),
        (4, "unknown-code", "9340"),
        (6, "client-not-judged", "0233"),
        (7, "credit-differs", "8187"),
    ]
    # Paid: 93,53 − 62,35 for February and 400,00 for March.
    assert to_pay(computed) == {"M-1": 431_18}
    text = answer_of(computed)
    expected = (Path(__file__).parent / "mixed.expected.xml").read_text(encoding="utf-8")
    (own,) = re.findall(r"<jw325:BerichtIdentificatie>\s*<ijw:Identificatie>(\w+)<", text)
    assert text.replace(own, "EIGENNUMMER") == expected


def test_a_claim_that_is_not_the_first_of_its_number_grants_nothing_and_lists_no_line(office):
    office.receive(message({ANNA: [minutes("R1")]}), "a.xml")
    office.receive(message({ANNA: [nights("R2", 31)]}, identification="ID002"), "b.xml")
    computed = office.compute()
    assert to_pay(computed) == {"M-1": 62_35}
    assert refused(computed) == [(1, "claim-number-used", "9333")]
    (text,) = [one.decode() for one in computed.answers.values() if b"9333" in one]
    assert codes(text) == {"header": ["0200"], "claim": ["9333"]}
    assert totals(text) == [(6_510_00, "D"), (0, "D")]


def test_a_message_that_is_not_the_first_of_its_identification_is_rejected_at_its_header(office):
    office.receive(message({ANNA: [minutes("R1")]}), "a.xml")
    office.receive(message({ANNA: [nights("R2", 31)]}, number="DN002"), "b.xml")
    computed = office.compute()
    assert refused(computed) == [(1, "message-number-used", "9056")]
    (text,) = [one.decode() for one in computed.answers.values() if b"9056" in one]
    assert codes(text) == {"header": ["9056"]}


def test_a_claim_for_an_earlier_period_than_the_latest_is_rejected(office):
    earlier(office)
    office.receive(message({ANNA: [minutes("R1")]}, number="DN001", identification="ID001"), "a.xml")
    office.receive(message(
        {BRAM: [minutes("R2", allocation="3", **IN_FEBRUARY)]},
        number="DN002", identification="ID002", period=FEBRUARY, dated="2018-04-06",
    ), "b.xml")  # fmt: skip
    computed = office.compute()
    assert refused(computed) == [(1, "claim-period-too-early", "8214")]
    # Late care in the latest period is welcome (iJw IV090).
    office.receive(message({BRAM: [minutes("R2", allocation="3", **IN_FEBRUARY)]}, number="DN002", identification="ID002"), "b.xml")
    assert refused(office.compute()) == []


def test_a_message_with_a_fault_within_it_is_rejected_whole_and_its_numbers_are_free_again(office):
    office.receive(message({ANNA: [minutes("R1")], BRAM: [nights("R2", 31)]}, total=1), "a.xml")
    office.receive(message({ANNA: [minutes("R1")], BRAM: [nights("R2", 31)]}, dated="2018-04-06"), "b.xml")
    computed = office.compute()
    assert {(row, national) for row, _, national in refused(computed)} == {(1, "0001"), (2, "0001")}
    assert to_pay(computed) == {"M-1": 62_35 + 6_510_00}
    assert sorted(codes(one.decode())["header"][0] for one in computed.answers.values()) == ["0001", "0200"]
    (whole,) = [one.decode() for one in computed.answers.values() if b">0001<" in one]
    assert codes(whole) == {"header": ["0001"]}


def test_a_message_that_is_not_built_as_a_jw323_gets_no_answer_and_is_told_to_finance(office):
    office.receive(message({ANNA: [minutes("R1")]}).replace("DN001", "DN-1"))
    computed = office.compute()
    assert computed.answers == {}
    (problem,) = computed.problems
    assert problem.code == "message-structure"
    assert "Bericht/Declaratie/DeclaratieNummer at line 4" in problem.message


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (dataclasses.replace(nights("R1", 31), code="99X99"), "9340"),
        (dataclasses.replace(nights("R1", 31), tariff=211_00, amount=31 * 211_00), "0611"),
        (minutes("R1", 60, 62_40), "9346"),
        (dataclasses.replace(nights("R1", 31), unit="04"), "9341"),
        (dataclasses.replace(nights("R1", 31), unit="99"), "9341"),
        (nights("R1", 32), "9321"),
        (nights("R1", 0), "9321"),
        (weeks("R1", 6), "9321"),
        (weeks("R1", 4, tariff=99_00), "0611"),
        (dataclasses.replace(weeks("R1", 4), unit="04"), "9341"),
        (euros("R1", 450_00), "0611"),
        (nights("C1", 31, previous="X9"), "8017"),
        (nights("R1", 31, start="2019-01-01", end="2019-01-31"), "9319"),
    ],
)  # fmt: skip
def test_a_line_that_is_not_allowed_comes_back_with_its_national_code(line, code, office):
    office.receive(message({ANNA: [line], BRAM: [minutes("R9", allocation="9")]}, dated="2019-02-05"))
    computed = office.compute()
    text = answer_of(computed)
    assert codes(text) == {"header": ["0200"], line.reference: [code], ANNA: ["0200"], "claim": ["0200"]}
    assert totals(text)[1] == (62_35, "D")
    assert to_pay(computed) == {"M-1": 62_35}


def test_a_line_before_the_contract_has_every_code_that_says_so(office):
    office.receive(message({ANNA: [nights("R1", 31, start="2017-03-01", end="2017-03-31")]}))
    # No tariff yet, before the contract, and in a year that is not open.
    assert codes(answer_of(office.compute()))["R1"] == ["0611", "9307", "9319"]


# ---- weeks by what a message says ------------------------------------------------------------------------


WEEKS = [
    # March 2018 has Sundays on 4, 11, 18 and 25, and ends on a Saturday.
    ("2018-03-01", "2018-03-31", 4, True),
    # The allocation may end on 31 March: then its last broken week is paid in March.
    ("2018-03-01", "2018-03-31", 5, True),
    ("2018-03-01", "2018-03-31", 6, False),
    ("2018-03-01", "2018-03-31", 3, False),
    # It ends on Wednesday 21: Sundays 4, 11 and 18, and the broken week behind it.
    ("2018-03-01", "2018-03-21", 4, True),
    ("2018-03-01", "2018-03-21", 3, False),
    # It ends on a Sunday: no broken week.
    ("2018-03-01", "2018-03-18", 3, True),
    # It begins on Saturday 10: the first broken week is paid whole.
    ("2018-03-10", "2018-03-31", 3, True),
    ("2018-03-10", "2018-03-31", 4, True),
    # It ends on Saturday 3, before the first Sunday: that week was February's.
    ("2018-03-01", "2018-03-03", 1, False),
]


def children(count: int) -> list[str]:
    """So many citizen service numbers that pass their test."""
    return [f"{number:09d}" for number in range(999_990_000, 1_000_000_000) if is_service_number(str(number))][:count]


def test_weeks_are_those_of_the_part_of_the_allocation_in_the_month(office):
    lines = [weeks(f"R{at}", volume, start=start, end=end, allocation=str(at)) for at, (start, end, volume, _) in enumerate(WEEKS, 1)]
    office.receive(message({child: [line] for child, line in zip(children(len(WEEKS)), lines, strict=True)}))
    computed = office.compute()
    assert refused(computed) == [(at, "other-weeks", "9321") for at, case in enumerate(WEEKS, 1) if not case[3]]
    assert to_pay(computed) == {"M-1": sum(volume * 100_00 for *_, volume, holds in WEEKS if holds)}


def test_weeks_of_a_csv_beside_a_message_are_those_of_its_allocation(office):
    # The message: four Sundays of March at 100,00. The other file says that its allocation ends with March: five, with the broken one.
    office.receive(message({ANNA: [weeks("R1", 4)]}))
    text = (
        "Cliëntnummer;Productcode;Begindatum;Einddatum;Begindatum toewijzing;Einddatum toewijzing\n"
        "K-1;45R01;01-03-2018;31-03-2018;01-02-2018;31-03-2018\n"
    )
    office.receive(text, "M-1 levering.csv")
    computed = office.compute()
    assert refused(computed) == []
    assert to_pay(computed) == {"M-1": 400_00 + 500_00}


# ---- credits and round trips -----------------------------------------------------------------------------


def test_a_line_that_was_refused_and_is_corrected_and_sent_again_is_granted(office):
    office.receive(message({ANNA: [minutes("R1", 60, 62_40)], BRAM: [nights("R2", 31)]}))
    office.draft()
    office.approve()
    assert codes(office.answer())["R1"] == ["9346"]
    again = message({ANNA: [minutes("R1", 60, 62_35)]}, number="DN002", identification="ID002", period=APRIL, dated="2018-05-04")
    office.receive(again, month=APRIL)
    computed = office.compute(APRIL)
    assert to_pay(computed) == {"M-1": 62_35}
    # Only the new message is answered: the first was answered in March.
    assert codes(answer_of(computed)) == {"header": ["0200"], "claim": ["8001"]}


def test_the_same_care_in_a_second_message_is_refused_whatever_its_volume_and_reference(office):
    earlier(office)
    office.receive(message({ANNA: [minutes("R1", 30, 31_18, **IN_FEBRUARY)], BRAM: [nights("F2", 31)]}))
    # TR389: one line for an allocation, product and period. TR314: a reference is used once.
    assert refused(office.compute()) == [(1, "already-claimed", "9389"), (2, "reference-used", "8021")]


@pytest.mark.parametrize(
    "credit", [nights("C1", 27, previous="F2", **IN_FEBRUARY), nights("C1", 28, "9", previous="F2", **IN_FEBRUARY)]
)
def test_a_credit_repeats_the_debit_that_it_undoes_to_the_letter(credit, office):
    earlier(office)
    office.receive(message({BRAM: [credit]}))
    computed = office.compute()
    assert refused(computed) == [(1, "credit-altered", "8017")]
    assert totals(answer_of(computed)) == [(credit.amount, "C"), (0, "D")]


def test_a_message_of_credits_alone_grants_less_than_nothing_and_takes_it_back(office):
    earlier(office)
    office.receive(message({BRAM: [nights("C1", 28, previous="F2", **IN_FEBRUARY)]}))
    computed = office.compute()
    (statement,) = computed.statements
    assert statement.payable_cents == -5_880_00
    assert totals(answer_of(computed)) == [(5_880_00, "C"), (5_880_00, "C")]


def test_a_reference_with_a_service_number_in_it_can_still_be_credited(office):
    office.receive(message(
        {ANNA: [minutes(f"{ANNA}-1", **IN_FEBRUARY)]}, number="DN000", identification="ID000", period=FEBRUARY, dated="2018-03-05"
    ), month=FEBRUARY)  # fmt: skip
    office.receive(message({ANNA: [minutes(f"{ANNA}-2", previous=f"{ANNA}-1", **IN_FEBRUARY)]}))
    computed = office.compute()
    assert refused(computed) == []
    assert computed.settlement.accepted.lines.get_column("reference").str.starts_with("V-").all()


# ---- several contracts and messages ----------------------------------------------------------------------


def test_lines_of_one_message_may_be_of_several_contracts_and_it_has_one_answer(tmp_path):
    only = {name: SERVICES[name] for name in ("begeleiding",)}
    rest = {name: SERVICES[name] for name in ("verblijf", "gedrag")}
    office = Office(tmp_path, (agreed("M-1", only), agreed("M-2", rest)))
    office.receive(message({ANNA: [minutes("R1"), nights("R2", 31)], BRAM: [weeks("R3", 7)]}))
    computed = office.compute()
    assert to_pay(computed) == {"M-1": 62_35, "M-2": 6_510_00}
    assert codes(answer_of(computed)) == {"header": ["0200"], "R3": ["9321"], BRAM: ["0200"], "claim": ["0200"]}


def test_messages_of_one_month_stand_beside_each_other_and_the_same_one_twice_is_answered_once(office):
    first = message({ANNA: [minutes("R1")]})
    office.receive(first, "a.xml")
    office.receive(first, "kopie/a.xml")
    office.receive(message({BRAM: [nights("R2", 31)]}, number="DN002", identification="ID002"), "b.xml")
    computed = office.compute()
    assert to_pay(computed) == {"M-1": 62_35 + 6_510_00}
    assert len(computed.answers) == 2
    assert [one.used for one in computed.delivered.deliveries] == [True, True, False]


def test_a_message_that_waited_for_a_key_is_answered_by_the_first_run_that_can_read_it(tmp_path):
    office = Office(tmp_path, key=None)
    office.receive(message({ANNA: [minutes("R1")]}))
    assert [problem.code for problem in office.draft().problems] == ["no-client-key"]
    office.approve()
    office.key = bytes(32)
    office.rules()
    computed = office.compute(APRIL)
    assert to_pay(computed) == {"M-1": 62_35}
    assert codes(answer_of(computed)) == {"header": ["0200"], "claim": ["8001"]}


def test_an_approval_is_refused_when_the_key_was_changed(office):
    office.receive(message({ANNA: [minutes("R1")]}))
    office.draft()
    office.key = bytes(32)
    office.rules()
    with pytest.raises(Blocked, match="the key of client numbers is another"):
        office.approve()


def test_an_answer_that_would_grant_something_else_than_was_accepted_stops_the_run(office, monkeypatch):
    office.receive(message({ANNA: [minutes("R1", 60, 62_40)], BRAM: [nights("R2", 31)]}))
    monkeypatch.setattr("settlement.run.messages._codes", lambda *_: {})
    with pytest.raises(OutOfBalance, match="grants 657240 cents, accepted are 651000"):
        office.compute()


def test_a_workbook_or_csv_beside_it_is_settled_as_ever(office):
    office.receive(message({ANNA: [minutes("R1")]}))
    text = "Cliëntnummer;Productcode;Begindatum;Einddatum;Volume;Eenheid\nK-1;43A12;01-03-2018;31-03-2018;31;etmalen\n"
    office.receive(text, "M-1 levering.csv")
    assert to_pay(office.compute()) == {"M-1": 62_35 + 6_510_00}


