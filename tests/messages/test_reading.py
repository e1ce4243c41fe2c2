"""A JW323 is read as it is prescribed, or refused with the element and the line; never with what stands there."""

from __future__ import annotations

import dataclasses

import pytest
from claims import AGB, ANNA, BRAM, KEY, RECEIVER, Line, euros, message, minutes, nights

from settlement.deliveries.claims import claim_messages
from settlement.deliveries.faults import FILE_FAULTS
from settlement.deliveries.gather import Gathered, gather
from settlement.deliveries.mailbox import Mailbox, Route
from settlement.deliveries.message import read_claim
from settlement.deliveries.unreadable import UnreadableError
from settlement.domain.periods import Month

MARCH = Month(2018, 3)
ROUTE = Route("M-1", AGB, (RECEIVER,), "2018-01-01", "2018-12-31", ("45a48", "43a12", "45r01"))
MAILBOX = Mailbox((ROUTE,), KEY.hex(), "")
GOOD = message({ANNA: [minutes("R1"), nights("R2", 31)], BRAM: [euros("R3", 400_00)]})


def told(text: str | bytes, mailbox: Mailbox = MAILBOX) -> list[dict]:
    return list(claim_messages(text.encode() if isinstance(text, str) else text, mailbox))


def faults(text: str, mailbox: Mailbox = MAILBOX) -> list[tuple[int, str]]:
    """Row and code of every line that is refused as it stands."""
    return [(fault[0], fault[1]) for one in told(text, mailbox) if one["is"] == "rows" for fault in one["faults"]]


def cells(text: str) -> dict[str, list[str]]:
    (rows,) = [one for one in told(text) if one["is"] == "rows"]
    return {name: packed.split("\x7f") for name, packed in rows["cells"].items()}


def refusal(text: str | bytes, mailbox: Mailbox = MAILBOX) -> UnreadableError:
    with pytest.raises(UnreadableError) as raised:
        told(text, mailbox)
    assert raised.value.code in FILE_FAULTS
    assert ANNA not in f"{raised.value.found} {raised.value.expected} {raised.value.cell}"
    return raised.value


# ---- what a good one says


def test_every_line_says_its_fields_and_the_child_by_a_pseudonym():
    columns = cells(GOOD)
    assert columns["code"] == ["45A48", "43A12", "45R01"]
    assert columns["quantity"] == ["60", "31", "400,00"]
    assert columns["unit"] == ["minuut", "etmaal", "83"]
    assert columns["claimed"] == ["62,35", "6510,00", "400,00"]
    assert columns["contract"] == ["M-1"] * 3
    assert columns["municipality"] == [RECEIVER] * 3
    first, second, third = columns["client"]
    assert first == second != third
    assert first.startswith("P-")
    assert len(first) == 22


def test_the_order_of_elements_is_that_of_the_schema_whatever_prefix_they_bear_and_spaces_between_them_mean_nothing():
    claim = read_claim(GOOD.replace("m:", "jw323:").replace(":m=", ":jw323=").replace("><", ">\n\t <").encode())
    assert claim == read_claim(GOOD.encode())
    assert [len(client.performances) for client in claim.clients] == [2, 1]
    assert claim.submitted_cents == 62_35 + 6_510_00 + 400_00


def test_other_encodings_that_name_themselves_are_read():
    text = GOOD.replace('encoding="UTF-8"', 'encoding="UTF-16"')
    assert read_claim(text.encode("utf-16")) == read_claim(GOOD.encode())


@pytest.mark.parametrize("blanks", [" " * 150, " " * 198, " " * 400, "\n" + "\t" * 10_000])
def test_blanks_around_a_value_are_no_part_of_it_however_many_there_are(blanks):
    assert read_claim(GOOD.replace(">6235<", f">{blanks}6235{blanks}<").encode()) == read_claim(GOOD.encode())


# ---- structure: no answer


def without(text: str, start: str, end: str) -> str:
    before, _, rest = text.partition(start)
    return before + rest.partition(end)[2]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (GOOD.replace(ANNA, "12345678"), "Bericht/Declaratie/Clienten/Client/Bsn"),
        (GOOD.replace(ANNA, f"{ANNA}1"), "Bericht/Declaratie/Clienten/Client/Bsn"),
        (GOOD.replace("<m:BerichtVersie>3", "<m:BerichtVersie>2"), "Bericht/Header/BerichtVersie"),
        (GOOD.replace("<m:BerichtCode>490", "<m:BerichtCode>491"), "Bericht/Header/BerichtCode"),
        (GOOD.replace(f"<m:Afzender>{AGB}", "<m:Afzender>2222000"), "Bericht/Header/Afzender"),
        (without(GOOD, "<m:XsdVersie>", "</m:XsdVersie>"), "Bericht/Header/XsdVersie"),
        (without(GOOD, "<m:Eenheid>", "</m:Eenheid>"), "Bericht/Declaratie/Clienten/Client/Prestaties/Prestatie/ProductTarief"),
        (GOOD.replace("<m:Eenheid>01</m:Eenheid>", "<m:Eenheid>01</m:Eenheid><m:Eenheid>01</m:Eenheid>"),
         "Bericht/Declaratie/Clienten/Client/Prestaties/Prestatie/Eenheid"),
        (GOOD.replace("<m:Bsn>", "<m:Naam>Anna</m:Naam><m:Bsn>"), "Bericht/Declaratie/Clienten/Client/Naam"),
        (GOOD.replace("<m:Clienten>", f"<m:Clienten>{ANNA}"), "Bericht/Declaratie/Clienten"),
        (GOOD.replace("<m:Client><", '<m:Client bsn="1"><', 1), "Bericht/Declaratie/Clienten/Client"),
        (GOOD.replace("<m:GeleverdVolume>60", "<m:GeleverdVolume>60.5"), "Bericht/Declaratie/Clienten/Client/Prestaties/Prestatie/GeleverdVolume"),
        (GOOD.replace("<m:GeleverdVolume>60", "<m:GeleverdVolume>-60"), "Bericht/Declaratie/Clienten/Client/Prestaties/Prestatie/GeleverdVolume"),
        (GOOD.replace("<m:GeleverdVolume>60", "<m:GeleverdVolume>123456789"), "Bericht/Declaratie/Clienten/Client/Prestaties/Prestatie/GeleverdVolume"),
        (GOOD.replace("2018-03-31</ijw:Einddatum></m:ProductPeriode>", "2018-02-30</ijw:Einddatum></m:ProductPeriode>", 1),
         "Bericht/Declaratie/Clienten/Client/Prestaties/Prestatie/ProductPeriode/Einddatum"),
        (GOOD.replace("DN001", "DN-001"), "Bericht/Declaratie/DeclaratieNummer"),
        (GOOD.replace("DN001", "D" * 13), "Bericht/Declaratie/DeclaratieNummer"),
        (GOOD.replace("R1<", "R1" + " " * 400 + "<"), "Bericht/Declaratie/Clienten/Client/Prestaties/Prestatie/ProductReferentie/ReferentieNummer"),
        (GOOD.replace(">6235<", ">\u00a06235<"), "Bericht/Declaratie/Clienten/Client/Prestaties/Prestatie/IngediendBedrag/Bedrag"),
        (GOOD.replace("<m:Clienten>", "<m:Clienten>\u00a0"), "Bericht/Declaratie/Clienten"),
        (GOOD.replace("2018-03-31</ijw:Einddatum></m:ProductPeriode>", "20180331</ijw:Einddatum></m:ProductPeriode>", 1),
         "Bericht/Declaratie/Clienten/Client/Prestaties/Prestatie/ProductPeriode/Einddatum"),
        (GOOD.replace("2018-03-31</ijw:Einddatum></m:DeclaratiePeriode>", "2018-W13-6</ijw:Einddatum></m:DeclaratiePeriode>", 1),
         "Bericht/Declaratie/DeclaratiePeriode/Einddatum"),
        (GOOD.replace("R1<", "R" * 21 + "<"), "Bericht/Declaratie/Clienten/Client/Prestaties/Prestatie/ProductReferentie/ReferentieNummer"),
        (GOOD.replace("<ijw:DebetCredit>D", "<ijw:DebetCredit>X", 1), "Bericht/Declaratie/TotaalIngediendBedrag/DebetCredit"),
    ],
)  # fmt: skip
def test_what_is_not_built_as_a_jw323_is_refused_with_the_element(text, found):
    fault = refusal(text)
    assert fault.code == "message-structure"
    assert fault.found.startswith(found)
    assert int(fault.cell) in (2, 3, 4)


# ---- hostile

BOMB = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (GOOD.replace("?>\n", f"?>\n{BOMB}", 1).replace(ANNA, "&b;"), "message-unsafe"),
        (GOOD.replace("?>\n", '?>\n<!DOCTYPE x SYSTEM "file:///etc/passwd">', 1), "message-unsafe"),
        (GOOD.replace(ANNA, "&b;"), "message-damaged"),
        (GOOD[: len(GOOD) // 2], "message-damaged"),
        (GOOD.replace("</m:Header>", ""), "message-structure"),
        (GOOD.encode().replace(b"R1", b"R\xff"), "message-damaged"),
        (GOOD.replace("UTF-8", "UTF-7"), "message-encoding"),
        (GOOD.replace("UTF-8", "windows-1252"), "message-encoding"),
        (GOOD.replace("UTF-8", "nonsense"), "message-encoding"),
        (GOOD.encode("utf-16-le"), "message-damaged"),
        ("<html/>", "not-a-claim"),
        (GOOD.replace("jw323/schema", "jw305/schema"), "not-a-claim"),
        (GOOD.replace(ANNA, "9" * 3_000_000), "message-structure"),
        (GOOD.replace("<m:Bsn>", "<m:x>" * 50_000, 1), "message-structure"),
    ],
)
def test_hostile_and_damaged_messages_are_refused(text, code):
    assert refusal(text).code == code


def test_in_the_folder_a_hostile_message_costs_its_own_file_only(tmp_path):
    folder = tmp_path / "2018-03"
    folder.mkdir()
    (folder / "a.xml").write_text(GOOD.replace("?>\n", f"?>\n{BOMB}", 1), encoding="utf-8")
    (folder / "b.XML").write_text(GOOD, encoding="utf-8")
    (folder / "c.xml").write_bytes(b"")
    (folder / "d.xml").write_text(GOOD.replace("DN001", "DN-1"), encoding="utf-8")
    gathered = gather(tmp_path, MARCH, {"M-1": {}}, mailbox=MAILBOX)
    assert gathered.lines["delivery"].unique().to_list() == ["2018-03/b.XML"]
    assert sorted(problem.code for problem in gathered.problems) == ["empty-file", "message-structure", "message-unsafe"]
    assert "none of its lines counts" in str(gathered.problems[-1])
    assert_no_service_number(gathered)


def assert_no_service_number(gathered: Gathered) -> None:
    said = f"{gathered.lines.rows()} {gathered.refusals.rows()} {gathered.problems} {gathered.deliveries}"
    assert ANNA not in said
    assert BRAM not in said


# ---- which contract


def test_without_a_key_a_message_is_refused_and_says_how_to_make_one(tmp_path):
    assert refusal(GOOD, Mailbox((ROUTE,))).code == "no-client-key"
    (tmp_path / "2018-03").mkdir()
    (tmp_path / "2018-03" / "a.xml").write_text(GOOD, encoding="utf-8")
    (problem,) = gather(tmp_path, MARCH, {"M-1": {}}).problems
    assert problem.code == "no-client-key"
    assert "settlement key --make" in problem.help


@pytest.mark.parametrize("text", [GOOD.replace(AGB, "22229999"), GOOD.replace("<m:Ontvanger>0599", "<m:Ontvanger>0363")])
def test_a_message_of_an_unknown_sender_or_for_another_municipality_is_not_ours_to_answer(text):
    assert refusal(text).code == "message-without-contract"


def test_a_line_finds_its_contract_by_product_and_then_by_period():
    later = dataclasses.replace(ROUTE, contract="M-2", starts="2019-01-01", ends="2019-12-31")
    other = dataclasses.replace(ROUTE, contract="M-3", codes=("54a01",))
    text = message({ANNA: [minutes("R1"), Line("R2", "54A01", 1, "84", 10_00, 10_00, allocation="1")]})
    columns = next(one for one in told(text, Mailbox((ROUTE, later, other), KEY.hex())) if one["is"] == "rows")["cells"]
    assert columns["contract"].split("\x7f") == ["M-1", "M-3"]


def test_a_line_that_may_be_of_two_contracts_stops_the_message_and_names_both():
    twin = dataclasses.replace(ROUTE, contract="M-2")
    fault = refusal(GOOD, Mailbox((ROUTE, twin), KEY.hex()))
    assert (fault.code, fault.found, fault.expected) == ("message-of-two-contracts", "M-1 / M-2", "45A48")


def test_a_product_that_no_contract_lists_waits_while_a_rule_file_cannot_be_read():
    text = message({ANNA: [Line("R1", "54A01", 1, "84", 10_00, 10_00)]})
    assert refusal(text, dataclasses.replace(MAILBOX, unread=True)).code == "message-of-unread-contract"
    # With all rule files read, it is a line that its contract refuses (9340).
    assert faults(text) == []


# ---- within the message (0001): all its lines

TWO = {ANNA: [minutes("R1")], BRAM: [nights("R2", 31)]}


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (message(TWO, total=1), {1: "message-total-differs", 2: "message-total-differs"}),
        (message({ANNA: [minutes("R1", start="2018-02-20", end="2018-03-05")], BRAM: [nights("R2", 31)]}), {1: "period-not-in-a-month"}),
        (message({ANNA: [minutes("R1", start="2018-03-20", end="2018-03-05")], BRAM: [nights("R2", 31)]}), {1: "period-not-in-a-month"}),
        (message(TWO).replace("<ijw:Begindatum>2018-03-01", "<ijw:Begindatum>2018-03-02", 1), dict.fromkeys((1, 2), "claim-period-not-a-month")),
        (message(TWO, dated="2018-03-30"), {1: "after-message-date", 2: "after-message-date"}),
        (message({"999900007": [minutes("R1")], BRAM: [nights("R2", 31)]}), {1: "service-number-invalid"}),
        (message(TWO).replace(BRAM, ANNA), dict.fromkeys((1, 2), "client-twice-in-message")),
        (message({ANNA: [minutes("R1")], BRAM: [Line("R2", tariff=None)]}), {2: "tariff-and-unit-differ"}),
        (message({ANNA: [minutes("R1")], BRAM: [dataclasses.replace(euros("R2", 100), tariff=100)]}), {2: "tariff-and-unit-differ"}),
        (message({ANNA: [minutes("R1")], BRAM: [dataclasses.replace(euros("R2", 100), amount=101)]}), {2: "euros-differ"}),
        (message({ANNA: [minutes("R1")], BRAM: [nights("C1", 31, previous="R1")]}), {2: "credit-of-same-message"}),
        (message({ANNA: [minutes("C1", previous="X"), minutes("C2", previous="X", allocation="2")]}), {2: "credited-twice-in-message"}),
        (message({ANNA: [minutes("R1"), minutes("R2", 30, 31_18)]}), {2: "claimed-twice-in-message"}),
        (message({ANNA: [minutes("R1"), minutes("R1", allocation="2")]}), {2: "line-twice-in-message"}),
        (message({ANNA: [minutes("R1", start="2013-03-01", end="2013-03-31")]}), {1: "older-than-five-years"}),
        (message({ANNA: [minutes("C1", 0, 0, previous="X")]}), {1: "nothing-as-credit"}),
        (message({ANNA: [minutes("R1")]}).replace("<ijw:Bedrag>6235</ijw:Bedrag><ijw:DebetCredit>D", "<ijw:Bedrag>6235</ijw:Bedrag><ijw:DebetCredit>C").replace("<ijw:DebetCredit>D", "<ijw:DebetCredit>C"), {1: "reference-and-direction-differ"}),
    ],
)  # fmt: skip
def test_what_can_be_checked_within_a_message_rejects_all_of_it(text, own):
    assert read_claim(text.encode())
    found = faults(text)
    (table,) = [one for one in told(text) if one["is"] == "table"]
    assert table["message"]["rejected"] == "0001"
    rows = {row for row, _ in found}
    assert rows == set(range(1, max(rows) + 1))
    for row in rows:
        assert {code for number, code in found if number == row} >= {own.get(row, "message-rejected")}


# ---- one line by itself


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (nights("R1", 31, amount=6_510_01), "volume-times-tariff"),
        # 60 minutes at 1,04 shown: the true tariff lies from 1,035 to 1,045, so the hour from 62,10 to 62,70.
        (minutes("R1", 60, 62_71), "volume-times-tariff"),
        (minutes("R1", 1_000_001, 990_000_99, tariff=99), "volume-too-large"),
    ],
)
def test_a_line_that_cannot_be_right_is_refused_by_itself(line, code):
    assert faults(message({ANNA: [line, nights("R2", 1, "5")]})) == [(1, code)]


def test_an_amount_in_minutes_may_be_that_of_the_tariff_that_is_not_rounded():
    assert faults(message({ANNA: [minutes("R1", 60, 62_35)]})) == []
    assert faults(message({ANNA: [minutes("R1", 60, 62_70)]})) == []


def test_of_an_amount_in_minutes_it_is_told_between_which_it_can_be():
    (rows,) = [one for one in told(message({ANNA: [minutes("R1", 60, 62_71)]})) if one["is"] == "rows"]
    assert [fault[2:4] for fault in rows["faults"]] == [("€ 62,71", "€ 62,10 – € 62,70")]


def test_care_after_the_claim_period_is_refused_by_itself():
    text = message({ANNA: [nights("R1", 30, start="2018-04-01", end="2018-04-30"), minutes("R2")]}, dated="2018-05-02")
    assert faults(text) == [(1, "after-claim-period")]
