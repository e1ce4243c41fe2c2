"""What each provider of the example region delivers, contract by contract. Part of ``make_region.py``.

The tariffs stand here once more, as a provider's own administration knows them: the claimed amounts are computed here
and not by ``settlement``, so that each checks the other. What is odd on purpose carries a ``note``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from region_children import (
    MONTHS,
    NEW_YEAR,
    TWICE,
    YEAR,
    Book,
    Flow,
    Row,
    Stay,
    days,
    euros,
    fields_of,
    first_day,
    hourly,
    in_file_order,
    last_day,
    weeks_counted,
    workday,
)

# ---- Utrecht ---------------------------------------------------------------------------------------------


def counted_rows(book: Book, stays: Iterable[Stay], goals: int = 0) -> None:
    """A row a month for each child, that only counts: days, and how it ended. With ``goals``, the outcomes too."""
    for stay in stays:
        for month in MONTHS:
            span = stay.days_in(month)
            if span is None:
                continue
            row = fields_of(stay) | {"start": span[0], "end": span[1]}
            if stay.ends_in(month):
                row |= (
                    book.outcomes(goals, 76)
                    if goals
                    else {"end_reason": book.outcomes(0, 0, words=False)["end_reason"]}
                )
            book.months[month].append(row)


def de_linde(book: Book) -> None:
    """Four squares. Specialised support starts well, falls behind in February and March, and recovers."""

    def child(*codes: str) -> Callable[[], Stay]:
        return lambda: Stay(book.child(), code=book.dice.one_of(codes))

    counted_rows(book, book.stays(Flow(28, (8, 26, 18, 40, 40, 38), 35, 120, 200), child("45A04", "45A05", "54001")))
    counted_rows(book, book.stays(Flow(27, (2, 1, 3, 2, 2, 2), 90, 330, 400), child("43A01", "43A02")))
    counted_rows(book, book.stays(Flow(38, (2, 1, 1, 2, 1, 2), 120, 500, 900), child("44A08", "44A08", "44A09")))
    counted_rows(book, book.stays(Flow(1, (7, 7, 8, 9, 8, 8), 3, 18, 6), child("46A03")))
    for month, rows in book.months.items():
        rows.sort(key=in_file_order)
        if month == 2:
            rows[17] |= {"hidden": "ja", "note": "a hidden row; it counts like any other"}
    book.find(3, code="43A01")[4] |= {
        "code": "43B01",
        "note": "product code 43B01 is not in the contract: refused (9340)",
    }


def vecht_en_vaart(book: Book) -> None:
    """Two squares. Crisis care falls below 80 % of its minimum in March and April, and makes it up in May."""

    def child(service: str) -> Callable[[], Stay]:
        return lambda: Stay(book.child(), service)

    counted_rows(book, book.stays(Flow(44, (1, 2, 1, 2, 1, 2), 300, 900, 900), child("gezinsvervanging")))
    counted_rows(book, book.stays(Flow(0, (5, 5, 2, 6, 8, 6), 4, 20), child("crisiszorg")))
    for rows in book.months.values():
        for row in rows:
            row["refused_client"] = "nee"
    for day in (6, 19, 22):
        book.months[3].append({
            "client": book.child(), "service": "crisiszorg", "start": dt.date(YEAR, 3, day), "refused_client": "ja",
            "note": "a child turned away: counts for the duty to accept, not as helped",
        })  # fmt: skip


# ---- Rotterdam Rijnmond ----------------------------------------------------------------------------------

WEEKS_112 = {
    "sociaal en persoonlijk functioneren": {"licht": 9250, "middel": 16800, "zwaar": 30450, "intensief": 53900},
    "stoornis en gedragsproblemen": {"licht": 10800, "middel": 19650, "zwaar": 35200, "intensief": 61850},
    "opvoeding en mogelijkheden van ouders": {"licht": 8400, "middel": 15150, "zwaar": 27600, "intensief": 48900},
    "vervangende opvoeding": {"": 102900},
    "dagbesteding": {"": 21400},
    "respijthulp": {"": 13750},
}
WEEKS_127 = {
    "sociaal en persoonlijk functioneren": {"licht": 9000, "middel": 16450, "zwaar": 29800, "intensief": 52750},
    "stoornis en gedragsproblemen": {"licht": 10550, "middel": 19200, "zwaar": 34450, "intensief": 60500},
    "dagbesteding": {"": 21900},
}
INTENSITIES = {"licht": 30, "middel": 40, "zwaar": 23, "intensief": 7}
RIJNMOND = {"Rotterdam": 70, "Schiedam": 9, "Vlaardingen": 8, "Capelle aan den IJssel": 7, "Ridderkerk": 6}


def weekly_rows(
    book: Book, stays: Iterable[Stay], cents: Mapping[str, Mapping[str, int]], goals: int, by_days: str = ""
) -> None:
    """A row a month for each running allocation, with its weeks; ``by_days``: a service that counts sevenths a day."""
    for stay in stays:
        for month in MONTHS:
            span = stay.days_in(month)
            weeks = weeks_counted(stay.begins, stay.ends, month)
            if stay.service == "respijthulp" and stay.ends - stay.begins < days(6) and stay.begins.month == month:
                weeks = 1
            if span is None or (weeks == 0 and stay.service != by_days):
                continue
            price = cents[stay.service][stay.intensity]
            length = (span[1] - span[0]).days + 1
            row = fields_of(stay) | {
                "allocation_start": stay.begins, "allocation_end": stay.ends, "start": span[0], "end": span[1],
                "quantity": weeks, "unit": "weken", "direction": "D", "claimed": euros(price * weeks),
            }  # fmt: skip
            if stay.service == by_days:
                row["claimed"] = euros((2 * price * length + 7) // 14)
            if stay.ends_in(month):
                row |= book.outcomes(goals, 80)
            book.months[month].append(row)


def heavier_halfway(book: Book, stays: list[Stay], every: int) -> list[Stay]:
    """Of every so many long stays one changes intensity halfway: two allocations."""
    found = []
    for number, stay in enumerate(stays):
        length = (stay.ends - stay.begins).days
        middle = stay.begins + days(length // 2 - (stay.begins + days(length // 2)).weekday() - 1)  # a Sunday
        if number % every or stay.intensity not in {"licht", "middel"} or length < 100:
            found.append(stay)
        else:
            heavier = "middel" if stay.intensity == "licht" else "zwaar"
            found += [
                replace(stay, ends=middle),
                replace(stay, begins=middle + days(1), intensity=heavier, allocation=book.allocation()),
            ]
    return found


def maasoever(book: Book) -> None:
    """Weeks by intensity in three result areas, with support elements for some."""
    areas = {"sociaal en persoonlijk functioneren": 40, "stoornis en gedragsproblemen": 38,
             "opvoeding en mogelijkheden van ouders": 22}  # fmt: skip
    support = {"vervangende opvoeding": 25, "dagbesteding": 50, "respijthulp": 25}

    def child() -> Stay:
        return Stay(
            book.child(), book.dice.weighted(areas), intensity=book.dice.weighted(INTENSITIES),
            allocation=book.allocation(), municipality=book.dice.weighted(RIJNMOND),
            subcontractor="Zuiderpunt Ambulant" if book.dice.chance(9) else "",
        )  # fmt: skip

    areas_stays = book.stays(Flow(84, (10, 12, 14, 12, 13, 11), 90, 330), child)
    stays = heavier_halfway(book, areas_stays, 12)
    for stay in areas_stays:
        if book.dice.chance(24):
            stays.append(replace(stay, service=book.dice.weighted(support), intensity="", allocation=book.allocation()))
    for begins in (dt.date(YEAR, 2, 12), dt.date(YEAR, 3, 5), dt.date(YEAR, 5, 7)):
        guest = replace(child(), service="respijthulp", intensity="", begins=begins, ends=begins + days(2))
        stays.append(guest)
    stays.append(Stay(
        TWICE, "stoornis en gedragsproblemen", NEW_YEAR, dt.date(YEAR, 8, 31), intensity="zwaar",
        allocation=book.allocation(), municipality="Rotterdam",
    ))  # fmt: skip
    weekly_rows(book, stays, WEEKS_112, 79)
    whole_february = {"start": first_day(2), "end": last_day(2)}
    late = [row for row in book.find(2, **whole_february) if row["client"] != TWICE][10:40:10]
    for row in late:
        book.move(row, 2, 4, "a late line of February: the deadline is three months, so it is paid")
    book.find(2, **whole_february)[3] |= {
        "allocation_start": dt.date(YEAR, 2, 8), "note": "the care begins before the allocation: refused (9307)",
    }  # fmt: skip
    book.correct(
        3, book.find(2, intensity="middel", **whole_february)[5:7],
        lambda row: {"intensity": "zwaar", "claimed": euros(WEEKS_112[str(row["service"])]["zwaar"] * 4)},
        "a heavier intensity for February, agreed afterwards",
    )  # fmt: skip
    for row in book.find(3, client=TWICE):
        row["note"] = (
            "the same child, service and days stand in the file of RTM-2018-RG-127: both are paid, and signalled"
        )
    book.number("MO18")


def noordereiland(book: Book) -> None:
    """Weeks by intensity, and day activities by the day. The columns have headings of the provider's own."""

    def child() -> Stay:
        service = book.dice.weighted({"sociaal en persoonlijk functioneren": 50, "stoornis en gedragsproblemen": 50})
        return Stay(book.child(), service, intensity=book.dice.weighted(INTENSITIES), allocation=book.allocation())

    stays = heavier_halfway(book, book.stays(Flow(44, (5, 7, 8, 6, 8, 6), 80, 300), child), 9)
    for stay in stays[::6]:
        stays.append(replace(stay, service="dagbesteding", intensity="", allocation=book.allocation()))
    stays.append(Stay(
        TWICE, "stoornis en gedragsproblemen", dt.date(YEAR, 3, 5), dt.date(YEAR, 3, 25), intensity="middel",
        allocation=book.allocation(),
    ))  # fmt: skip
    weekly_rows(book, stays, WEEKS_127, 76, by_days="dagbesteding")
    for row in book.find(3, client=TWICE):
        row["note"] = (
            "the same child, service and days stand in the file of RTM-2018-RG-112: both are paid, and signalled"
        )
    wrong = book.find(3, intensity="zwaar")[2]
    book.months[4].append({**wrong, "note": "the line that was refused in March, delivered again as it should be"})
    wrong |= {"intensity": "zwaarr", "note": "intensity 'zwaarr' does not exist: refused; delivered again in April"}
    early = book.find(3, intensity="licht", start=first_day(3))[1]
    early |= {"allocation_start": dt.date(YEAR, 3, 12), "note": "the care begins before the allocation: refused (9307)"}
    book.number("NE-")


ETMALEN_040 = {"43A05": 26840, "43A06": 26840, "44A12": 15175}


def maasoever_verblijf(book: Book) -> None:
    """Days in residence, as present; two files came for March, of which the second replaces the first."""

    def child(*codes: str) -> Callable[[], Stay]:
        return lambda: Stay(book.child(), code=book.dice.one_of(codes), pace=book.dice.between(0, 5))

    stays = book.stays(Flow(33, (4, 5, 5, 4, 6, 5), 90, 400, 300), child("43A05", "43A05", "43A06"))
    stays += book.stays(Flow(21, (1, 1, 2, 1, 1, 2), 200, 700, 700), child("44A12"))
    for stay in stays:
        for month in MONTHS:
            span = stay.days_in(month)
            if span is None:
                continue
            present = (span[1] - span[0]).days + 1
            away = min(book.dice.between(0, stay.pace), present - 1)
            row = fields_of(stay) | {
                "start": span[0], "end": span[1], "quantity": present - away, "unit": "etmalen",
                "claimed": euros(ETMALEN_040[stay.code] * (present - away)),
            }  # fmt: skip
            if stay.ends_in(month):
                row |= book.outcomes(70, 74)
            book.months[month].append(row)
    row = book.find(6, start=first_day(6), end=last_day(6))[7]
    row |= {
        "quantity": 32,
        "claimed": euros(ETMALEN_040[str(row["code"])] * 32),
        "note": "32 days in a month of 30: refused (9321)",
    }
    book.number("VB18")


# ---- West-Brabant West -----------------------------------------------------------------------------------

LEVELS = ("perspectief", "intensief", "duurzaam", "hoog")
FEES_2016 = {
    1: (1450, 3050, 4250, 7900), 2: (1850, 3850, 5100, 9350), 3: (2150, 4400, 5650, 10200),
    4: (2300, 4750, 6050, 11050), 5: (2650, 5300, 6800, 12150), 6: (1950, 4100, 6300, 11400),
    7: (2900, 5850, 7450, 13300), 8: (3150, 6400, 7900, 14150), 9: (3400, 6950, 8600, 15300),
    10: (4100, 8250, 10400, 18750),
}  # fmt: skip
FEES_2018 = {
    1: (1490, 3130, 4360, 8110), 2: (1900, 3950, 5230, 9590), 3: (2210, 4510, 5800, 10470),
    4: (2360, 4870, 6210, 11340), 5: (2720, 5440, 6980, 12470), 6: (2000, 4210, 6460, 11700),
    7: (2980, 6000, 7640, 13650), 8: (3230, 6570, 8110, 14520), 9: (3490, 7130, 8820, 15700),
    10: (4210, 8460, 10670, 19240),
}  # fmt: skip
"""Whole euros, by profile and level."""


def arrangement_rows(book: Book, stays: Iterable[Stay], behaald: int, half_euros: Callable[[Stay], int | None]) -> None:
    """A row when an arrangement starts and one when it ends; nothing in the months between."""
    for stay in stays:
        half = half_euros(stay)
        common = fields_of(stay) | {"allocation_start": stay.begins, "start": stay.begins}
        if stay.begins >= NEW_YEAR:
            claimed = None if half is None else euros(half)
            book.months[stay.begins.month].append(common | {"result": "loopt", "claimed": claimed})
        for month in MONTHS:
            if stay.ends_in(month):
                reached = book.dice.chance(behaald)
                book.months[month].append(common | {
                    "end": stay.ends, "result": "behaald" if reached else "niet behaald",
                    "end_reason": "31" if reached else book.dice.one_of(("32", "34")),
                    "claimed": euros(half) if half is not None and reached else None,
                })  # fmt: skip


def markdal(book: Book) -> None:
    """Arrangements by profile and level; those begun in 2017 bring their result in 2018, at the price of 2016."""

    def child() -> Stay:
        return Stay(
            book.child(), "opgroeien en opvoeden", profile=f"profiel {book.dice.between(1, 10)}",
            intensity=book.dice.weighted({"perspectief": 46, "intensief": 30, "duurzaam": 18, "hoog": 6}),
            allocation=book.allocation(),
        )  # fmt: skip

    def half(stay: Stay) -> int:
        fees = FEES_2018 if stay.begins >= NEW_YEAR else FEES_2016
        return fees[int(stay.profile.split()[1])][LEVELS.index(stay.intensity)] * 50

    stays = book.stays(Flow(64, (33, 27, 35, 31, 29, 26), 60, 200, 190), child)
    arrangement_rows(book, stays, 88, half)
    first = book.find(3, result="loopt")[6]
    second = {
        **first, "profile": "profiel 7" if first["profile"] != "profiel 7" else "profiel 2", "intensity": "perspectief",
        "allocation": book.allocation(), "allocation_start": dt.date(YEAR, 5, 7), "start": dt.date(YEAR, 5, 7),
        "claimed": None,
        "note": "a second arrangement of a child that is still in one: refused",
    }  # fmt: skip
    book.months[5].append(second)
    book.number("")


def de_zoom(book: Book) -> None:
    """Complex trajectories, and a yearly amount in twelve parts; one trajectory is changed and starts afresh."""

    def complex_one() -> Stay:
        return Stay(
            book.child(), "hoogcomplexe trajecten", profile=f"profiel {book.dice.one_of((2, 3, 5, 7, 8, 9))}",
            intensity=book.dice.weighted({"perspectief": 35, "intensief": 35, "duurzaam": 20, "hoog": 10}),
            allocation=book.allocation(),
        )  # fmt: skip

    def lasting() -> Stay:
        return Stay(
            book.child(), "duurzame ondersteuning", intensity=book.dice.weighted({"licht": 60, "zwaar": 40}),
            allocation=book.allocation(),
        )  # fmt: skip

    stays = book.stays(Flow(0, (17, 12, 14, 12, 13, 11), 70, 210), complex_one)
    stays += book.stays(Flow(0, (24, 4, 5, 3, 4, 4), 150, 500), lasting)
    changed = next(stay for stay in stays if stay.begins.month == 2 and stay.ends > dt.date(YEAR, 5, 31))
    stays.remove(changed)
    arrangement_rows(book, stays, 80, lambda _: None)
    common = fields_of(changed) | {"allocation_start": changed.begins, "start": changed.begins}
    book.months[2].append(common | {"result": "loopt"})
    book.months[4].append(common | {
        "end": dt.date(YEAR, 4, 15), "result": "niet behaald", "end_reason": "37",
        "note": "a trajectory that is changed: what was paid for it is taken back, and a heavier one starts",
    })  # fmt: skip
    book.months[4].append(common | {
        "profile": "profiel 9", "intensity": "hoog", "allocation": book.allocation(), "result": "loopt",
        "allocation_start": dt.date(YEAR, 4, 16), "start": dt.date(YEAR, 4, 16),
        "note": "the trajectory that comes in its place",
    })  # fmt: skip
    book.number("")


# ---- the region ------------------------------------------------------------------------------------------


def minute_rows(book: Book, stays: Iterable[Stay], cents: Mapping[str, int], unit: str = "minuten") -> None:
    """A row a month for each child with the minutes of help, and their price."""
    for stay in stays:
        for month in MONTHS:
            span = stay.days_in(month)
            if span is None:
                continue
            minutes = book.around(max(int(stay.pace * stay.share_of_month(month)), 30))
            row = fields_of(stay) | {
                "start": span[0],
                "end": span[1],
                "quantity": minutes,
                "unit": unit,
                "direction": "D",
            }
            if stay.code in cents:
                row["claimed"] = hourly(cents[stay.code], minutes)
            book.months[month].append(row)


def wilgenrijs(book: Book) -> None:
    """More children than agreed: the ceiling of the year is near in March and full in May."""
    cents = {"45A48": 6261, "45A53": 9453}  # 61,20 and 92,40 of 2017, indexed by 2,3 %

    def child() -> Stay:
        code = book.dice.weighted({"45A48": 60, "45A53": 40})
        return Stay(book.child(), code=code, allocation=book.allocation(), pace=book.dice.between(240, 720))

    minute_rows(book, book.stays(Flow(66, (9, 11, 13, 12, 12, 10), 70, 280, 300), child), cents)
    for row in book.find(2, code="45A48")[4:24:12]:
        book.move(row, 2, 4, "a line of February later than the deadline of one month: refused")
    wrong = book.find(3, code="45A53")[7]
    book.months[4].append({**wrong, "note": "the line that was refused in March, delivered again as it should be"})
    wrong |= {
        "code": "45A99",
        "note": "product code 45A99 is not in the contract: refused (9340); delivered again in April",
    }

    def fewer(row: Row) -> Row:
        minutes = int(str(row["quantity"])) - 60
        return {"quantity": minutes, "claimed": hourly(cents[str(row["code"])], minutes)}

    long = [row for row in book.find(3, code="45A48") if int(str(row["quantity"])) > 300]
    book.correct(4, long[5:7], fewer, "an hour too many in March")
    book.number("WR18")


def kompaspunt(book: Book) -> None:
    """Individual and group guidance, consultations up to an amount a month, and crisis help outside the ceiling."""
    cents = {"45A48": 6390, "46A01": 9650}

    def child(code: str, low: int, high: int) -> Callable[[], Stay]:
        return lambda: Stay(book.child(), code=code, allocation=book.allocation(), pace=book.dice.between(low, high))

    minute_rows(book, book.stays(Flow(54, (8, 10, 9, 11, 9, 10), 80, 300, 300), child("45A48", 180, 720)), cents)
    minute_rows(book, book.stays(Flow(0, (5, 4, 6, 5, 7, 4), 6, 24), child("46A01", 600, 1500)), cents)
    minute_rows(book, book.stays(Flow(0, (6, 8, 7, 9, 8, 7), 1, 12), child("45A60", 400, 900)), {})
    for stay in book.stays(Flow(22, (4, 3, 4, 3, 5, 3), 90, 300, 200), child("41A12", 8, 26)):
        for month in MONTHS:
            span = stay.days_in(month)
            if span is not None:
                parts = book.around(max(int(stay.pace * stay.share_of_month(month)), 1), 1)
                book.months[month].append(fields_of(stay) | {
                    "start": span[0], "end": span[1], "quantity": parts, "unit": "dagdelen", "direction": "D",
                    "claimed": euros(5420 * parts),
                })  # fmt: skip

    def more(row: Row) -> Row:
        minutes = int(str(row["quantity"])) + 90
        return {"quantity": minutes, "claimed": hourly(cents[str(row["code"])], minutes)}

    book.correct(3, book.find(2, code="45A48")[3:18:6], more, "a conversation of ninety minutes was left out")
    for number, row in enumerate(book.find(3, code="45A48")[2:17:5]):
        good = {**row, "note": "the line that was refused in March, delivered again as it should be"}
        book.months[4].append(good)
        if number == 0:
            row |= {"unit": "dagen", "note": "unit 'dagen' where the tariff is delivered in minutes: refused (9341)"}
        else:
            # A rounded price for a minute, 63,90 / 60 = 1,07 (1,065): the fault that a contract warns of.
            rounded = euros(107 * int(str(row["quantity"])))
            row |= {
                "claimed": rounded,
                "note": "the amount is minutes times a rounded price of a minute: refused (9346)",
            }
    book.number("KP18")


def kompaspunt_ggz(book: Book) -> None:
    """Minutes that value the delivery beside a budget; they lag behind it."""

    def child() -> Stay:
        return Stay(book.child(), code="54002", pace=book.dice.between(260, 720))

    minute_rows(book, book.stays(Flow(78, (13, 15, 15, 17, 16, 14), 80, 300, 250), child), {})
    book.find(3)[20] |= {"end": "31-02-2018", "note": "31 February does not exist: refused"}
    child_of_may = book.find(5)[30]
    book.months[5].append({
        **child_of_may, "start": dt.date(YEAR, 5, 14), "end": dt.date(YEAR, 5, 14), "quantity": 1560,
        "note": "26 hours in one day: accepted, and signalled",
    })  # fmt: skip
    book.number("")


def leeskracht(book: Book) -> None:
    """Dyslexia: examinations by the piece, treatment by the hour; in June the ceiling is full and the rest is held."""

    def child() -> Stay:
        return Stay(book.child(), code="54R02", pace=book.dice.between(150, 240))

    minute_rows(book, book.stays(Flow(34, (3, 5, 4, 6, 5, 4), 150, 420, 300), child), {"54R02": 7980}, "01")
    for month, count in zip(MONTHS, (3, 3, 4, 3, 4, 3), strict=True):
        for _ in range(count):
            day = workday(first_day(month) + days(book.dice.between(0, 24)))
            book.months[month].append({
                "client": book.child(), "code": "54R01", "start": day, "end": day, "quantity": 1, "unit": "84",
                "direction": "D", "claimed": euros(110500),
            })  # fmt: skip
    book.number("LK")
    book.months[3][9] |= {
        "reference": book.months[3][8]["reference"], "note": "the reference of the line above it: refused (8021)",
    }  # fmt: skip


def boshoeve(book: Book) -> None:
    """Children who chose the farm. Nothing came for February; the lines of February stand in the file of March."""
    cents = {"41A11": 39200, "41A13": 21450, "45A30": 114000}
    coached: set[str] = set()

    def child(code: str) -> Callable[[], Stay]:
        return lambda: Stay(book.child(), code=code)

    stays = book.stays(Flow(25, (2, 2, 3, 2, 3, 2), 120, 500, 400), child("41A11"))
    stays += book.stays(Flow(13, (1, 2, 2, 1, 2, 2), 90, 400, 300), child("41A13"))
    stays += book.stays(Flow(6, (1, 0, 1, 1, 0, 1), 120, 365, 100), child("45A30"))
    for stay in stays:
        for month in MONTHS:
            span = stay.days_in(month)
            if span is None:
                continue
            counts = span[0].day == 1 if stay.code == "41A11" else stay.client not in coached
            if stay.code == "45A30":
                coached.add(stay.client)
            row = fields_of(stay) | {
                "start": span[0],
                "end": span[1],
                "claimed": euros(cents[stay.code] if counts else 0),
            }
            if stay.ends_in(month):
                row["end_reason"] = book.outcomes(0, 0)["end_reason"]
            book.months[month].append(row)
    for row in list(book.months[2]):
        book.move(row, 2, 3, "")
        del row["note"]
    book.number("")


def boshoeve_logeren(book: Book) -> None:
    """A small contract from February. In April more is credited than delivered: the payment is negative."""
    cents = {"44A30": 11860, "41A20": 7425}

    def child(code: str) -> Callable[[], Stay]:
        return lambda: Stay(book.child(), code=code, pace=book.dice.between(2, 3))

    guests = book.stays(Flow(12, (0, 1, 2, 3, 3, 3), 200, 500), child("44A30"))
    saturdays = book.stays(Flow(8, (0, 1, 1, 1, 2, 1), 120, 400), child("41A20"))
    leaving = {stay.client for stay in guests[2:11]}
    for stay in guests + saturdays:
        for month in MONTHS[1:]:
            span = stay.days_in(month)
            if span is None or (stay.client in leaving and month > 3):
                continue
            length = (span[1] - span[0]).days + 1
            quantity = min(book.dice.between(stay.pace, stay.pace * 2 if stay.code == "44A30" else 4), length)
            book.months[month].append(fields_of(stay) | {
                "start": span[0], "end": span[1], "quantity": quantity, "direction": "D",
                "unit": "etmalen" if stay.code == "44A30" else "dagen", "claimed": euros(cents[stay.code] * quantity),
            })  # fmt: skip
    for month in (2, 3):
        moved = [row for row in book.find(month) if row["client"] in leaving]
        book.credit(4, moved, "the child belongs to another municipality")
    book.number("LO18")
    book.months[5].append({
        **book.months[5][0], "direction": "C", "reference": "LO1805-0099", "previous_reference": "LO1803-0077",
        "note": "a credit of a line that was never delivered: refused (8017)",
    })  # fmt: skip


def de_schakel(book: Book) -> None:
    """Measures by the month: the first broken month earns nothing, the last is paid in full."""
    cents = {"48A01": 71245, "48A02": 54830, "47A01 regulier": 63490, "47A01 intensief": 121875}

    def child(code: str) -> Callable[[], Stay]:
        def make() -> Stay:
            level = book.dice.weighted({"regulier": 80, "intensief": 20}) if code == "47A01" else ""
            return Stay(book.child(), code=code, intensity=level, allocation=book.allocation())

        return make

    stays = book.stays(Flow(74, (5, 6, 7, 6, 7, 6), 150, 700, 600), child("48A01"))
    stays += book.stays(Flow(37, (1, 0, 1, 1, 0, 1), 400, 1500, 2000), child("48A02"))
    stays += book.stays(Flow(24, (3, 2, 3, 3, 2, 3), 120, 400, 300), child("47A01"))
    for stay in stays:
        for month in MONTHS:
            span = stay.days_in(month)
            if span is None:
                continue
            begins_broken = span[0] > first_day(month)
            price = 0 if begins_broken else cents[f"{stay.code} {stay.intensity}".strip()]
            row = fields_of(stay) | {
                "allocation_start": stay.begins, "allocation_end": stay.ends if stay.ends_in(month) else None,
                "start": span[0], "end": span[1], "claimed": euros(price),
            }  # fmt: skip
            if stay.ends_in(month):
                row["end_reason"] = book.outcomes(0, 0, words=False)["end_reason"]
            book.months[month].append(row)
    for month, count in zip(MONTHS, (1, 2, 1, 3, 1, 2), strict=True):
        for _ in range(count):
            day = workday(first_day(month) + days(book.dice.between(3, 24)))
            book.months[month].append({
                "client": book.child(), "code": "48A05", "allocation": book.allocation(), "allocation_start": day,
                "start": day, "end": day, "quantity": 1, "unit": "stuks", "claimed": euros(211800),
            })  # fmt: skip
    book.number("")
    again = {**book.find(2, code="48A02")[5], "note": "the line above it once more: refused (9389)"}
    book.months[2].append(again)
    book.months[2].sort(key=in_file_order)


def samen_verder(book: Book) -> None:
    """A budget with an agreement on results: the lines count children and carry the outcomes of those who left."""

    def child() -> Stay:
        return Stay(
            book.child(), "ambulante jeugdhulp", municipality=book.dice.one_of(("Lekoever", "Merwestein", "Heidelaar"))
        )

    counted_rows(book, book.stays(Flow(104, (16, 19, 20, 18, 20, 17), 60, 340, 300), child), 74)
    book.number("")
