"""Statements as a run would hand them over: every amount adds up, as it must in a run. Fictional throughout."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from fractions import Fraction

from settlement.domain.contract import (
    Budget,
    Ceiling,
    Contract,
    Dated,
    DeliveryTerms,
    MinimumClients,
    Organisation,
    Price,
    Provider,
    Service,
    Signal,
    Step,
    Term,
    WeeklyTariff,
)
from settlement.domain.periods import Month
from settlement.domain.problems import Place
from settlement.domain.records import (
    Alert,
    Delivery,
    MonthCourse,
    MonthTotal,
    Refusal,
    ServicePosition,
    Statement,
    StatementLine,
    StatementRow,
    Working,
)

MARCH = Month(2018, 3)
RULES = "rules/utrecht/de-linde.yaml"

ORGANISATION = Organisation(
    name="Regio Midden-Nederland",
    address="Stadsplein 1, 1234 AB Voorbeeld",
    iban="NL91ABNA0417164300",
    email="contractbeheer@regio.example",
    phone="030 – 000 00 00",
)
PROVIDER = Provider(
    key="de-linde",
    name="Stichting De Linde Jeugdhulp",
    address="Havenstraat 12, 1234 AB Voorbeeld",
    kvk="12345678",
    agb="22220001",
    iban="NL20INGB0001234567",
    email="administratie@delinde.example",
    creditor="100482",
    vat="Vrijgesteld, art. 11 lid 1 Wet OB 1968",
)


def place(line: int, file: str = RULES) -> Place:
    """A spot in a rule file."""
    return Place(file, line, 5)


def euros(amount: str) -> int:
    """``1.234,50`` in cents, so that samples read as papers do."""
    whole, _, cents = amount.replace(".", "").partition(",")
    sign = -1 if whole.startswith("-") else 1
    return sign * (abs(int(whole)) * 100 + int((cents or "0").ljust(2, "0")))


def amounts(day: dt.date, cents: int, line: int = 20) -> Dated[Price]:
    """A dated amount with one step."""
    return Dated((Step(day, Price(cents, place(line)), place(line)),))


def working(formula: str, **numbers: tuple[Fraction | int | str, str]) -> Working:
    """A working; whole numbers stand for fractions."""
    return Working(
        formula,
        {name: (value if isinstance(value, str) else Fraction(value), unit) for name, (value, unit) in numbers.items()},
    )


def amount(text: str) -> tuple[Fraction, str]:
    """An amount of a working."""
    return Fraction(euros(text)), "amount"


def count(number: int) -> tuple[Fraction, str]:
    """A count of a working."""
    return Fraction(number), "count"


def contract(services: dict[str, dict[str, Term]], **changes: object) -> Contract:
    """A contract over 2018 with these services."""
    plain = Contract(
        number="UTR-AJ-2018-07",
        title="Aanvullende jeugdhulp Utrecht",
        funding="task-based",
        municipality="Gemeente Utrecht",
        provider="de-linde",
        starts=dt.date(2018, 1, 1),
        ends=dt.date(2018, 12, 31),
        services={
            name: Service(name=name, place=place(10 * index + 12), codes=(f"4{index}A03",), terms=terms)
            for index, (name, terms) in enumerate(services.items())
        },
        terms={},
        signals=(
            Signal("te weinig jeugdigen", (), (), "crisiszorg", "medium", "contract manager", place(70)),
        ),
        deliveries=DeliveryTerms(),
        rounding="half up per line",
        total_budget=None,
        place=place(1),
        digest="a" * 64,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def line(row: int, **changes: object) -> StatementLine:
    """A line of March, of the one file."""
    plain = StatementLine(
        delivery="2018-03/maasoever.xlsx",
        sheet="Levering",
        row=row,
        claim_month=MARCH,
        service="steunen van sociaal en persoonlijk functioneren",
        client=f"C-{row:04d}",
        product_code="50R01",
        profile="",
        intensity=("licht", "middel", "zwaar", "intensief")[row % 4],
        start=dt.date(2018, 3, 1),
        end=dt.date(2018, 3, 31),
        quantity_milli=4_000,
        unit="week",
        direction="D",
        reference=f"R{20180300 + row}",
        price_cents=17_250,
        value_cents=69_000,
        cut_cents=0,
        held_cents=0,
        earned_cents=69_000,
        reason="",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def delivery(name: str = "maasoever.xlsx", rows: int = 0, **changes: object) -> Delivery:
    """A file of March."""
    plain = Delivery(
        key=f"2018-03/{name}",
        claim_month=MARCH,
        digest="4f1c9f3f6a1ad0b7e2b0c5a1de90a7c3b6a4f7d08123c4d5e6f708192a3b4c5d",
        size=18_204,
        contract=None,
        version=1,
        sheet="Levering",
        header_row=8,
        rows=rows,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def squares() -> Statement:
    """Utrecht: four squares with budgets in twelfths, minimum clients, a correction of January and of February."""
    first = dt.date(2018, 1, 1)
    figures = (
        # service, yearly budget, a twelfth, minimum, helped, delivered to date
        ("specialistische ondersteuning", "2.400.000", "200.000", 310, 96, "588.412,35"),
        ("residentiële hulp", "1.500.000", "125.000", 42, 14, "371.020,00"),
        ("gezinsvervanging", "900.000", "75.000", 36, 9, "226.118,40"),
        ("crisiszorg", "600.000", "50.000", 48, 7, "98.450,10"),
    )
    rows = []
    for index, (service, yearly, twelfth, _, _, _) in enumerate(figures):
        for month in (1, 2, 3):
            rows.append(
                StatementRow(
                    year=2018,
                    service=service,
                    term="budget",
                    article="4.1",
                    place=place(20 + 10 * index),
                    month=Month(2018, month),
                    is_cents=euros(twelfth),
                    was_cents=euros(twelfth) if month < 3 else 0,
                    working=working(
                        "instalments",
                        yearly=amount(yearly),
                        elapsed=count(month),
                        parts=count(12),
                        before=(Fraction(euros(twelfth) * (month - 1)), "amount"),
                    ),
                )
            )
    # Specialistic support also has an allowance paid by the line, corrected for January and February.
    for month, is_, was in ((1, "18.240,00", "19.010,50"), (2, "17.455,25", "16.980,00"), (3, "18.004,75", "0")):
        rows.append(
            StatementRow(
                year=2018,
                service="crisiszorg",
                term="tariff",
                article="4.4",
                place=place(58),
                month=Month(2018, month),
                is_cents=euros(is_),
                was_cents=euros(was),
                working=working("lines", lines=count(112 + month), value=amount(is_)),
            )
        )
    rows.append(
        StatementRow(
            year=2018,
            service=None,
            term="withhold",
            article="8.2",
            place=place(81),
            month=MARCH,
            is_cents=euros("-9.000"),
            was_cents=0,
            working=working("withhold", base=amount("450.000"), share=(Fraction(2, 100), "share")),
        )
    )
    # 450.000 + 18.004,75 − 9.000 = 459.004,75 for March; January −770,50, February +475,25: 458.709,50.
    changed = sum(row.difference_cents for row in rows)
    assert changed == euros("458.709,50")
    services = {
        service: {
            "budget": Budget(article="4.1", place=place(20), paid="twelfths", amounts=amounts(first, euros(yearly))),
            "minimum_clients": MinimumClients(
                article="4.2", place=place(24), amounts=Dated((Step(first, minimum, place(28)),)), signal_below_bp=9_000
            ),
        }
        for service, yearly, _, minimum, _, _ in figures
    }
    lines = tuple(
        line(
            9 + index,
            delivery="2018-03/de-linde.xlsx",
            service=figures[index % 4][0],
            product_code=("45A04", "43A01", "44A08", "46A03")[index % 4],
            intensity="",
            quantity_milli=1_000 * (index % 31 + 1),
            unit="day",
            price_cents=12_345,
            value_cents=12_345 * (index % 31 + 1),
            earned_cents=0,
            reason="budget",
            client=f"DL-{1000 + index * 7}",
        )
        for index in range(64)
    )
    january = ("450.000", "452.880,10", "441.300,00")
    course = tuple(
        MonthCourse(
            month=Month(2018, month),
            claimed_cents=euros(january[month - 1]) if month <= 3 else None,
            entitled_cents=euros("468.004,75") if month <= 3 else None,
            paid_cents=(euros("469.010,50"), euros("466.980"), changed)[month - 1] if month <= 3 else None,
            limit_to_date_cents=euros("450.000") * month,
            clients_to_date=(58, 97, 126)[month - 1] if month <= 3 else None,
            minimum_to_date=Fraction(436 * month, 12),
        )
        for month in range(1, 13)
    )
    return Statement(
        number="BS-2018-03-UTR-AJ-2018-07",
        period=MARCH,
        contract=contract(services),
        provider=PROVIDER,
        organisation=ORGANISATION,
        final=True,
        rows=tuple(rows),
        lines=lines,
        carried_cents=0,
        payable_cents=changed,
        held_cents=0,
        held_reason="",
        on_hold="",
        to_pay_cents=changed,
        other_months=(
            MonthTotal(Month(2018, 1), was_cents=euros("469.010,50"), is_cents=euros("468.240")),
            MonthTotal(Month(2018, 2), was_cents=euros("466.980"), is_cents=euros("467.455,25")),
        ),
        payment_reference="BS-2018-03-UTR-AJ-2018-07",
        pay_by=dt.date(2018, 4, 30),
        entitled_to_date_cents=sum(row.is_cents for row in rows),
        paid_before_cents=sum(row.was_cents for row in rows),
        services=tuple(
            ServicePosition(
                service=service,
                clients=helped,
                minimum_to_date=Fraction(minimum, 4),
                claimed_cents=euros(claimed),
                entitled_cents=3 * euros(twelfth),
                budget_cents=euros(yearly),
                ceiling_cents=None,
                quantity=None,
            )
            for service, yearly, twelfth, minimum, helped, claimed in figures
        ),
        course=course,
        alerts=(
            Alert(
                contract="UTR-AJ-2018-07",
                provider_name=PROVIDER.name,
                service="crisiszorg",
                name="minimum not met",
                standing=True,
                severity="high",
                to="contract manager",
                value=(Fraction(7), "count"),
                norm=(Fraction(12), "count"),
                course=(None, None, None, 3, 5, 7),
                article="4.2",
                place=place(64),
                sources=("2018-03/de-linde.xlsx",),
                working=working("signal", value=count(7), norm=count(12)),
            ),
            Alert(
                contract="UTR-AJ-2018-07",
                provider_name=PROVIDER.name,
                service=None,
                name="lines refused",
                standing=True,
                severity="low",
                to="provider",
                value=(Fraction(3), "count"),
                norm=(Fraction(0), "count"),
                course=(),
                article="",
                place=place(1),
                sources=("2018-03/de-linde.xlsx",),
                working=working("signal", value=count(3), norm=count(0)),
            ),
        ),
        deliveries=(
            delivery(
                "de-linde.xlsx", rows=66, used=False, replaced_by="2018-03/de-linde_v2.xlsx", digest="0b" * 32
            ),
            delivery("de-linde_v2.xlsx", rows=67, version=2, notes=("hidden rows", "totals")),
        ),
        refusals=tuple(
            Refusal("2018-03/de-linde_v2.xlsx", "UTR-AJ-2018-07", "Levering", *rest)  # type: ignore[arg-type]
            for rest in (
                (17, "F17", "intensity", "unknown-intensity", "", "zwaarr", "licht, middel, zwaar, intensief"),
                (23, "H23", "claimed", "amount-differs", "9346", "€ 412,00", "€ 410,20"),
                (31, "C31", "start", "ambiguous-date", "", "04-03-18", "31-03-2018"),
            )
        ),
        accepted_lines=64,
        refused_lines=3,
        rules_file=RULES,
        rules_digest="a" * 64,
        lines_file="UTR-AJ-2018-07.lines.parquet",
        lines_digest="5e" * 32,
    )


def weeks() -> Statement:
    """Rotterdam: weekly tariffs under a ceiling; the last lines are cut and the cut is held."""
    first = dt.date(2018, 1, 1)
    services = (
        "steunen van sociaal en persoonlijk functioneren",
        "herstel, verminderen of stabiliseren van een stoornis",
        "opvoeding en versterken van ouders",
    )
    made = []
    for index in range(48):
        cut = 69_000 if index >= 46 else 34_500 if index == 45 else 0
        made.append(
            line(
                12 + index,
                service=services[index // 16],
                cut_cents=cut,
                held_cents=cut,
                earned_cents=69_000 - cut,
                reason="held" if cut else "",
            )
        )
    credit = line(60, service=services[2], direction="C", value_cents=-34_500, earned_cents=-34_500, quantity_milli=2_000)
    made.append(replace(credit, reason="credit", start=dt.date(2018, 2, 1), end=dt.date(2018, 2, 28)))
    lines = tuple(made)
    rows = []
    for index, service in enumerate(services):
        own = [each for each in lines if each.service == service and each.start.month == 3]
        value = sum(each.value_cents for each in own)
        rows.append(
            StatementRow(
                2018, service, "weekly_tariff", "5.1", place(24 + 10 * index, "rules/rotterdam/maasoever.yaml"), MARCH, value, 0,
                working("lines", lines=count(len(own)), value=(Fraction(value), "amount")),
            )
        )  # fmt: skip
    february = working("lines", lines=count(15), value=(Fraction(1_000_500), "amount"))
    rows.insert(
        2, StatementRow(2018, services[2], "weekly_tariff", "5.1", place(44), Month(2018, 2), 1_000_500, 1_035_000, february)
    )
    cut = sum(each.cut_cents for each in lines)
    ceiling = working(
        "ceiling_held", value=(Fraction(9_500_000 + cut), "amount"), ceiling=(Fraction(9_500_000), "amount")
    )
    rows.append(StatementRow(2018, None, "ceiling", "6.5", place(61), MARCH, -cut, 0, ceiling))
    changed = sum(row.difference_cents for row in rows)
    # 48 × 690,00 = 33.120,00 less the credit of 345,00 and 1.725,00 above the ceiling is 31.050,00.
    assert changed == euros("31.050")
    weekly = WeeklyTariff(
        article="5.1",
        place=place(24),
        by=("intensity",),
        weeks="sundays",
        amounts=Dated((Step(first, {("middel",): Price(17_250, place(30))}, place(29)),)),
    )
    ceiling_term = Ceiling(article="6.5", place=place(61), above="held", amounts=amounts(first, 9_500_000))
    return replace(
        squares(),
        number="BS-2018-03-RTM-2018-RG-112",
        contract=replace(
            contract({service: {"weekly_tariff": weekly} for service in services}),
            number="RTM-2018-RG-112",
            title="Specialistische jeugdhulp Rotterdam Rijnmond",
            funding="output-based",
            municipality="Gemeente Rotterdam",
            terms={"ceiling": ceiling_term},
        ),
        provider=replace(PROVIDER, name="Maasoever Jeugdzorg B.V.", key="maasoever", vat="", creditor="100317"),
        final=False,
        rows=tuple(rows),
        other_months=(MonthTotal(Month(2018, 2), was_cents=3_274_500, is_cents=3_240_000),),
        lines=lines,
        carried_cents=0,
        payable_cents=changed,
        held_cents=cut,
        held_reason="above ceiling",
        on_hold="",
        to_pay_cents=changed,
        payment_reference="BS-2018-03-RTM-2018-RG-112",
        entitled_to_date_cents=9_500_000,
        paid_before_cents=9_500_000 - changed,
        services=tuple(
            ServicePosition(service, (18, 16, 15)[index], None, 3_166_000, 3_166_000, None, None, Fraction(184 + index))
            for index, service in enumerate(services)
        ),
        course=tuple(
            MonthCourse(
                Month(2018, month),
                (3_310_000, 3_240_000, 3_312_000)[month - 1] if month <= 3 else None,
                (3_310_000, 3_240_000, 3_312_000)[month - 1] if month <= 3 else None,
                (3_310_000, 3_240_000, changed)[month - 1] if month <= 3 else None,
                9_500_000,
                None,
                None,
            )
            for month in range(1, 13)
        ),
        alerts=(),
        refusals=(),
        deliveries=(delivery(rows=49),),
        accepted_lines=49,
        refused_lines=0,
        rules_file="rules/rotterdam/maasoever.yaml",
        lines_file="RTM-2018-RG-112.lines.parquet",
    )


def negative() -> Statement:
    """A credit larger than the month: nothing is paid, and what is open is offset later. A balance was open before."""
    statement = weeks()
    rows = (
        replace(statement.rows[0], is_cents=120_000),
        replace(statement.rows[0], month=Month(2018, 1), is_cents=0, was_cents=450_000, working=None),
    )
    # −50,00 carried + 1.200,00 − 4.500,00 = −3.350,00
    return replace(
        statement,
        final=True,
        rows=rows,
        other_months=(MonthTotal(Month(2018, 1), was_cents=3_310_000, is_cents=2_860_000),),
        carried_cents=-5_000,
        payable_cents=-335_000,
        held_cents=0,
        held_reason="",
        on_hold="",
        to_pay_cents=0,
    )


def on_hold() -> Statement:
    """The squares, of which a person keeps the payment back."""
    return replace(squares(), on_hold="Wacht op het gesprek van 12 april over de wachtlijst", to_pay_cents=0)


def empty() -> Statement:
    """A month in which nothing came and nothing is due."""
    return replace(
        squares(), rows=(), other_months=(), lines=(), payable_cents=0, to_pay_cents=0, alerts=(), refusals=(), deliveries=(),
        accepted_lines=0, refused_lines=0,
    )  # fmt: skip


def english() -> Statement:
    """The squares in English."""
    return replace(squares(), organisation=replace(ORGANISATION, language="en"))


HOSTILE = (
    '=HYPERLINK("http://x.example";"klik")',
    "+31 6 12345678",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "regel\x00een\x1b[31m",
    "_x003D_1+1",
    "<b>&amp;</b> ]]> \"'",
    "naam\u202egnp.exe",
    "\ud800 halve",
    "x" * 40_000,
)


def hostile() -> Statement:
    """Text from outside that would act, hide or break a workbook, in every place where text from outside can stand."""
    statement = weeks()
    lines = tuple(
        replace(
            each,
            client=HOSTILE[index % len(HOSTILE)],
            reference=HOSTILE[(index + 1) % len(HOSTILE)],
            product_code=HOSTILE[(index + 2) % len(HOSTILE)],
        )
        for index, each in enumerate(statement.lines)
    )
    refusals = tuple(
        Refusal("2018-03/=cmd|' /C calc'!A0.xlsx", None, text[:31], 9, "A9", "client", "unknown-service", "", text, text)
        for text in HOSTILE
    )
    return replace(
        statement,
        lines=lines,
        refusals=refusals,
        provider=replace(statement.provider, name="=1+1 & Zoon", address="-Straat 1"),
        organisation=replace(statement.organisation, name="@Regio &D & Co"),
        contract=replace(statement.contract, title="+Contract"),
        deliveries=(delivery("=cmd|' /C calc'!A0.xlsx", rows=60, notes=("=note",)),),
        on_hold="=wacht", to_pay_cents=0,
    )
