"""Which lines are accepted: each rule a named boolean expression; every fault of a refused line is told.

A line is accepted or refused as a whole. Of a line with a cell that could not be read, every rule is told that doesn't
follow from that cell: what is unknown there is null, and null is no fault. Whether it is accepted is decided anew each month from all lines delivered so
far, so that the order in which files arrive changes nothing. Credits are processed before debits (iJw IV085).
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from settlement.deliveries.lines import COLUMN_OF, REFUSALS
from settlement.pricing.arrangements import second_arrangements
from settlement.pricing.resolve import resolve, resolve_partly
from settlement.pricing.tables import Tables
from settlement.pricing.value import month_first, month_last, value_lines


@dataclass(frozen=True, slots=True)
class Accepted:
    """The lines that count, and why the others do not."""

    lines: pl.DataFrame
    """Resolved and valued lines. Besides the columns of LINES: line, contract_no, service_no, level_no, client_no, kind
    and the service's attributes, month, price_cents, parts, value_cents, ``is_credit``, ``credited`` (a debit that a
    later credit undoes) and ``undoes`` (the line that a credit undoes)."""
    refusals: pl.DataFrame
    """REFUSALS, with ``line`` (null where a cell could not be read) and ``claim_month``."""
    stopped: pl.DataFrame
    """Lines of contracts that are not settled in this run (their rule file has problems): delivery, contract, lines."""


@dataclass(frozen=True, slots=True)
class _Check:
    code: str
    field: str
    fault: pl.Expr
    """Null counts as no fault: what is missing has its own check."""
    national: str = ""
    found: pl.Expr | None = None
    expected: pl.Expr | None = None


def accept(lines: pl.DataFrame, tables: Tables, cells: pl.DataFrame, partly: pl.DataFrame | None = None) -> Accepted:
    """Accepts or refuses every line. ``partly`` (``PARTLY``) are lines refused already for cells that could not be read: what
    else is wrong with them is told too, and they count nowhere.

    ``cells`` holds delivery, field and letters: where each field stands in each file. What came in time stays accepted
    when its year has closed: it still fills a ceiling of the whole contract, and what was settled stays as it was.
    """
    stopped = (
        lines.filter(~pl.col("contract").is_in(list(tables.contracts)))
        .group_by("delivery", "contract", maintain_order=True).agg(lines=pl.len())
    )  # fmt: skip
    valued = value_lines(resolve(lines, tables), tables).with_columns(
        is_credit=pl.col("direction") == "C", is_care=~pl.col("refused_client").fill_null(False)
    )
    checks = _checks()
    valued = valued.with_columns(
        faulty=pl.any_horizontal([check.fault.fill_null(False) for check in checks]), late=_is_late(),
    )
    faulty = valued.filter("faulty")
    found = [_told(faulty, check) for check in checks] if faulty.height else []
    accepted, in_order = _in_order(valued)
    found += in_order
    found += _late_besides(faulty, checks, accepted)
    if partly is not None and partly.height:
        found += _of_partly(partly, tables, accepted)
    refusals = pl.concat([frame for frame in found if frame.height] or [_no_refusals()])
    refusals = _with_words(_with_cells(refusals, cells), tables)
    return Accepted(
        lines=accepted.drop("faulty", "late"),
        refusals=refusals.sort("line", "code"),
        stopped=stopped,
    )


def _of_partly(partly: pl.DataFrame, tables: Tables, accepted: pl.DataFrame) -> list[pl.DataFrame]:
    """What is wrong with lines besides the cells that could not be read."""
    resolved = resolve_partly(partly, tables).with_columns(
        line=pl.lit(None, dtype=pl.UInt32),
        is_credit=pl.col("direction") == "C",
        is_care=pl.when(_known("refused_client")).then(~pl.col("refused_client").fill_null(False)),
    )
    valued = value_lines(resolved, tables).with_columns(
        pl.when(pl.all_horizontal(map(_known, _WORTH))).then(column).alias(column) for column in ("parts", "value_cents")
    )
    checks = _checks(partly=True)
    late = valued.with_columns(late=_is_late(partly=True)).filter(_known("client"))
    return [*(_told(valued, check) for check in checks), *_late_besides(late, checks, accepted)]


_WORTH = ("start", "end", "allocation_start", "allocation_end", "quantity", "unit", "claimed")
"""The fields that the value of a line follows from, besides those that say its service and level."""


def _known(field: str) -> pl.Expr:
    """Whether the cell of a field could be read, of a line in which some could not."""
    return ~pl.col("unread").list.contains(field)


def _service_month(*, partly: bool = False) -> pl.Expr:
    """The month whose deadline and year a line is held to: of an arrangement, the month in which it ends if it does.

    Where the service is not known it may be one: then the later month, which no deadline passes before the other.
    """
    end_month = pl.coalesce("end_month", "month")
    end_month = pl.when(_known("end")).then(end_month) if partly else end_month
    return pl.when(pl.col("kind") != "arrangement_fee").then("month").otherwise(end_month)


def _last_claim_month(*, partly: bool = False) -> pl.Expr:
    """The last claim month in which a line is in time; null where there is no deadline."""
    return _service_month(partly=partly) + pl.col("deadline_months")


def _is_late(*, partly: bool = False) -> pl.Expr:
    """Whether a debit came after its last claim month; it may still correct a line that is credited in the same month."""
    return (~pl.col("is_credit") & (pl.col("claim_month") > _last_claim_month(partly=partly))).fill_null(False)


def _checks(*, partly: bool = False) -> list[_Check]:
    """The rules that a line can be held to by itself. A credit is held to its debit instead.

    Last, and only of lines whose value no other fault puts in doubt, whether the amount claimed is the line's value.
    ``partly``: for lines in which some cells could not be read.
    """

    def empty(field: str) -> pl.Expr:
        """Whether a cell is empty; null where it could not be read."""
        nothing = pl.col(COLUMN_OF.get(field, field)).is_null()
        return pl.when(_known(field)).then(nothing) if partly else nothing

    debit, care = ~pl.col("is_credit"), ~pl.col("is_credit") & pl.col("is_care")
    is_arrangement = pl.col("kind") == "arrangement_fee"
    weekly = (pl.col("kind") == "weekly_tariff") & pl.col("weeks").is_in(["sundays", "started"])
    tariff = pl.col("kind") == "tariff"
    in_days = tariff & pl.col("delivered_in").is_in(["day", "overnight_day"])
    days = (pl.col("end") - pl.col("start")).dt.total_days() + 1
    service_month = _service_month(partly=partly)
    year_end = service_month // 12 * 12 + 11
    open_until = year_end + pl.col("open_months")
    # An arrangement that still runs earns what falls in the open years; only its lines are older.
    before_first = (service_month < pl.col("first_open_month")) & ~(is_arrangement & empty("end"))
    # An arrangement may begin before its claim month and end after it. Where that is not known, its first day says enough.
    begun_or_ended = pl.when(is_arrangement).then(pl.coalesce("end_month", "month")).otherwise("month")
    quantity = _number(pl.col("quantity_milli"), 1000)
    claims = pl.col("claimed_cents").is_not_null() & pl.col("value_cents").is_not_null() & care
    per_line = pl.col("rounding") != "half up per client and month"
    plain = tariff & ~pl.col("whole_hours") & per_line & pl.col("bound_milli").is_null()
    start_part = (2 * pl.col("price_cents") * pl.col("at_start_bp") + 10_000) // 20_000
    whole_fee = pl.col("price_cents")
    amount_differs = (
        pl.when(plain | pl.col("kind").is_in(["weekly_tariff", "monthly_tariff"]))
        .then(pl.col("claimed_cents") != pl.col("value_cents"))
        .when(is_arrangement & (pl.col("paid_months") == 0))
        .then(~(
            (pl.col("claimed_cents") == start_part)
            | (pl.col("claimed_cents") == whole_fee - start_part)
            | (pl.col("claimed_cents") == whole_fee)
        ))
        .when(pl.col("kind") == "person_fee")
        .then(~pl.col("claimed_cents").is_in([0]) & (pl.col("claimed_cents") != pl.col("price_cents")))
        .otherwise(pl.lit(False))
    )  # fmt: skip
    begins, ends = pl.col("allocation_start"), pl.col("allocation_end")
    message = pl.col("is_message")
    by_time = pl.col("kind").is_in(["weekly_tariff", "monthly_tariff"])
    pieces = message & (pl.col("unit") == "piece")
    checks = [
        _Check("missing-service", "service", debit & pl.col("missing_service")),
        _Check("unknown-service", "service", debit & pl.col("unknown_service"), found=pl.col("service")),
        _Check("unknown-code", "code", debit & pl.col("unknown_code"), "9340", pl.col("code")),
        _Check("service-and-code-differ", "code", debit & pl.col("service_and_code_differ"), "9340", pl.col("code")),
        _Check("missing-profile", "profile", care & pl.col("missing_profile")),
        _Check("unknown-profile", "profile", care & pl.col("unknown_profile"), found=pl.col("profile")),
        _Check("missing-intensity", "intensity", care & pl.col("missing_intensity")),
        _Check("unknown-intensity", "intensity", care & pl.col("unknown_intensity"), found=pl.col("intensity")),
        _Check("no-such-level", "intensity", care & pl.col("no_such_level"), found=pl.col("intensity")),
        _Check("missing-client", "client", debit & empty("client")),
        _Check("missing-start", "start", debit & empty("start")),
        _Check("missing-end", "end", care & empty("end") & ~is_arrangement),
        _Check(
            "result-without-end", "end",
            care & is_arrangement & empty("end") & pl.col("result").is_in(["reached", "not reached"]),
        ),
        _Check("end-before-start", "end", debit & (pl.col("end") < pl.col("start")), found=_day("end"), expected=_day("start")),
        _Check("spans-months", "end", care & ~is_arrangement & (pl.col("end_month") > pl.col("month")), found=_day("end"),
               expected=month_last(pl.col("month")).dt.strftime("%d-%m-%Y")),
        _Check(
            "outside-contract", "start",
            debit & ((pl.col("start") < pl.col("starts")) | (pl.col("start") > pl.col("ends"))),
            found=_day("start"), expected=_day("starts") + pl.lit(" – ") + _day("ends"),
        ),
        _Check(
            "after-contract", "end",
            debit & ~is_arrangement & (pl.col("start") <= pl.col("ends")) & (pl.col("end") > pl.col("ends")),
            found=_day("end"), expected=_day("ends"),
        ),
        _Check(
            "in-the-future", "start", debit & (begun_or_ended > pl.col("claim_month")), "8848",
            pl.when(is_arrangement).then(pl.coalesce(_day("end"), _day("start"))).otherwise(_day("start")),
            month_last(pl.col("claim_month")).dt.strftime("%d-%m-%Y"),
        ),
        _Check(
            "year-closed", "start",
            debit & (before_first | (pl.col("claim_month") > open_until)),
            found=_day("start"),
        ),
        _Check("missing-quantity", "quantity", care & tariff & empty("quantity")),
        _Check("quantity-not-positive", "quantity", care & tariff & (pl.col("quantity_milli") <= 0), "9321", quantity),
        _Check(
            "more-than-days", "quantity", care & in_days & (pl.col("quantity_milli") > days * 1000), "9321",
            quantity, days.cast(pl.String),
        ),
        _Check(
            "not-one-month", "quantity",
            care & (pl.col("kind") == "monthly_tariff") & (pl.col("quantity_milli") != 1000)
            & ((pl.col("unit") == "month") | pieces),
            "9321", quantity, pl.lit("1"),
        ),
        _Check(
            "other-weeks", "quantity",
            care & pieces & weekly & (pl.col("quantity_milli") != pl.col("parts") * 1000),
            "9321", quantity, pl.col("parts").cast(pl.String),
        ),
        _Check(
            "wrong-unit", "unit", care & tariff & (pl.col("unit") != pl.col("delivered_in")), "9341",
            pl.col("unit"), pl.col("delivered_in"),
        ),
        _Check(
            "wrong-unit", "unit", care & message & by_time & ~pl.col("unit").is_in(["piece", "euro"]), "9341",
            pl.col("unit"), pl.lit("piece"),
        ),
        _Check(
            "missing-allocation-start", "allocation_start",
            care & ~message & (weekly | (pl.col("priced_on_allocation") & ~is_arrangement)) & empty("allocation_start"),
        ),
        _Check("missing-allocation-end", "allocation_end", care & ~message & weekly & empty("allocation_end")),
        _Check("allocation-ends-before-start", "allocation_end", care & (ends < begins), found=_day("allocation_end"),
               expected=_day("allocation_start")),
        _Check("before-allocation", "start", care & (pl.col("start") < begins), "9307", _day("start"), _day("allocation_start")),
        _Check("after-allocation", "end", care & ~is_arrangement & (pl.col("end") > ends), "9308", _day("end"),
               _day("allocation_end")),
        _Check(
            "no-price", "start",
            care & (pl.col("kind") != "none") & pl.col("level_no").is_not_null() & pl.col("price_cents").is_null()
            & (begins.is_not_null() | ~pl.col("priced_on_allocation") | is_arrangement) & pl.col("start").is_not_null(),
            "0611", _day("start"),
        ),
        _Check(
            "missing-previous-reference", "previous_reference",
            pl.col("is_credit") & empty("previous_reference"), "8017",
        ),
        _Check(
            "credit-of-itself", "previous_reference",
            pl.col("is_credit") & (pl.col("previous_reference") == pl.col("reference")), "8017", pl.col("previous_reference"),
        ),
    ]  # fmt: skip
    # Who the client is changes nothing about what a line is worth.
    has_other = pl.any_horizontal([check.fault.fill_null(False) for check in checks if check.field != "client"])
    due = pl.when(is_arrangement).then(start_part).otherwise(pl.col("value_cents"))
    wrong = claims & amount_differs.fill_null(False) & ~has_other
    # A message's own sum was made when it was read: what differs now is its tariff, but for minutes at the tariff that
    # is rounded only to be shown (iJw IV081), where the sum itself is wrong.
    of_shown = (2 * pl.col("price_cents") + 60) // 120 * (pl.col("quantity_milli") // 1000)
    of_minutes = (pl.col("unit") == "minute") & (pl.col("per") == "hour") & (pl.col("claimed_cents") == of_shown)
    of_tariff = message & ~of_minutes.fill_null(False) & (tariff | by_time)
    return [
        *checks,
        _Check("amount-differs", "claimed", wrong & ~of_tariff, "9346", _euros(pl.col("claimed_cents")), _euros(due)),
        _Check("tariff-differs", "claimed", wrong & of_tariff, "0611", _euros(pl.col("claimed_cents")), _euros(due)),
    ]


def _day(column: str) -> pl.Expr:
    return pl.col(column).dt.strftime("%d-%m-%Y")


def _number(scaled: pl.Expr, scale: int) -> pl.Expr:
    """A scaled number as people write it here: ``7,5``, without zeros that say nothing."""
    whole, rest = (scaled.abs() // scale).cast(pl.String), scaled.abs() % scale
    digits = (rest + scale).cast(pl.String).str.slice(1).str.strip_chars_end("0")
    sign = pl.when(scaled < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return sign + whole + pl.when(rest == 0).then(pl.lit("")).otherwise(pl.lit(",") + digits)


def _euros(cents: pl.Expr) -> pl.Expr:
    """An amount as people write it here: ``€ 432,00``."""
    sign = pl.when(cents < 0).then(pl.lit("€ -")).otherwise(pl.lit("€ "))
    whole, rest = (cents.abs() // 100).cast(pl.String), (cents.abs() % 100 + 100).cast(pl.String).str.slice(1)
    return sign + whole + pl.lit(",") + rest


def _no_refusals() -> pl.DataFrame:
    return pl.DataFrame(schema={"line": pl.UInt32, "claim_month": pl.Int32, "contract_no": pl.UInt32, **REFUSALS})


def _told(faulty: pl.DataFrame, check: _Check) -> pl.DataFrame:
    """The refusals of one rule, over the lines that some rule refused."""
    nothing = pl.lit("")
    return faulty.filter(check.fault.fill_null(False)).select(
        "line",
        "claim_month",
        "contract_no",
        "delivery",
        "contract",
        "sheet",
        "row",
        cell=nothing,
        field=pl.lit(check.field),
        code=pl.lit(check.code),
        national=pl.lit(check.national),
        found=(nothing if check.found is None else check.found).cast(pl.String).fill_null(""),
        expected=(nothing if check.expected is None else check.expected).cast(pl.String).fill_null(""),
    )


def _refuse(lines: pl.DataFrame, code: str, field: str, national: str, found: str) -> pl.DataFrame:
    return _told(lines, _Check(code, field, pl.lit(True), national, pl.col(found)))


def _in_order(lines: pl.DataFrame) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Holds the lines that are not ``faulty`` against each other, claim month by claim month: references, credits,
    repeated lines, arrangements. Gives the accepted ones, credits last.

    Only the lines that share a reference or a day of care with another are walked through, month by month; the rest
    (nearly all) is accepted at once.
    """
    sound = (
        lines.lazy().filter(~pl.col("faulty"))
        .select(
            "line", "contract_no", "reference", "previous_reference", "is_credit", "late", "kind", _same_care(),
            claimant=pl.when("is_message").then(pl.struct("delivery", "client")),
        )
        .collect()
    )  # fmt: skip
    repeated = pl.col("care").is_duplicated() & ~pl.col("is_credit") & (pl.col("kind") != "arrangement_fee")
    # By hash, which is quicker: two that share one by chance are looked at for nothing.
    by_reference = pl.struct("contract_no", "reference").hash(seed=0).is_duplicated() & pl.col("reference").is_not_null()
    named = (
        sound.filter("is_credit").select("contract_no", reference="previous_reference")
        .unique().with_columns(is_named=pl.lit(True))
    )  # fmt: skip
    # In a message a credit that names another client than its debit takes all lines of its client with it.
    claimants = sound.filter("is_credit").get_column("claimant").drop_nulls().unique()
    crediting = pl.col("claimant").is_in(claimants.implode()) if len(claimants) else pl.lit(False)
    shared = (
        sound.join(named, on=["contract_no", "reference"], how="left", maintain_order="left")
        .filter(
            repeated | by_reference | pl.col("is_credit") | pl.col("late") | pl.col("is_named").fill_null(False)
            | crediting.fill_null(False)
        )
        .select("line", "care")
    )
    involved = lines.join(shared, on="line", maintain_order="left")
    refused: list[pl.DataFrame] = []
    accepted = involved.clear().with_columns(undoes=pl.lit(None, dtype=pl.UInt32))
    for claim_month in involved.get_column("claim_month").unique().sort().to_list():
        month = involved.filter(pl.col("claim_month") == claim_month).with_columns(undoes=pl.lit(None, dtype=pl.UInt32))
        good, bad, strangers = _credits_of(month.filter("is_credit"), accepted)
        refused += bad
        accepted = pl.concat([accepted, good])
        debits = month.filter(~pl.col("is_credit"))
        theirs = debits.join(strangers, on=["delivery", "client"], how="semi", maintain_order="left")
        refused.append(_refuse(theirs, "client-not-judged", "client", "0233", "reference"))
        debits = debits.join(strangers, on=["delivery", "client"], how="anti", maintain_order="left")
        in_time, bad = _not_too_late(debits, good, accepted)
        refused += bad
        good, bad = _debits_of(in_time, accepted)
        refused += bad
        accepted = pl.concat([accepted, good])
    undone = accepted.get_column("undoes").drop_nulls()
    fell = involved.join(accepted, on="line", how="anti").get_column("line")
    debits = lines.filter(~pl.col("faulty") & ~pl.col("is_credit") & ~pl.col("line").is_in(fell.implode())).with_columns(
        undoes=pl.lit(None, dtype=pl.UInt32), credited=pl.col("line").is_in(undone.implode())
    )
    together = pl.concat([debits, _as_their_debits(accepted).select(debits.columns)])
    # Again until nothing overlaps: a change that is refused leaves what it would have changed standing.
    while (second := second_arrangements(together)).height:
        refused.append(_refuse(second, "second-arrangement", "start", "", "service"))
        together = together.join(second.select("line"), on="line", how="anti", maintain_order="left")
    return together, refused


def _same_care() -> pl.Expr:
    """A number that two lines share when they claim the same care.

    One line for a client, allocation and month where a week or month is paid; else the same client, days, quantity and
    allocation under the same reference (two sessions on a day are two lines with two references). In a JW323 one line
    for a client, allocation, product and period (iJw TR389).
    """
    by_parts = (pl.col("first_broken") == "pro rata") | (pl.col("last_broken") == "pro rata")
    by_week = (pl.col("kind") == "weekly_tariff") & (pl.col("weeks") != "days")
    by_month = by_week | (
        (pl.col("kind") == "monthly_tariff") & (~by_parts | pl.col("allocation_start").is_not_null())
    )
    by_session = pl.col("kind").is_in(["tariff", "none"]) & ~pl.col("is_message")
    nothing = pl.lit("")
    return (
        pl.struct(
            pl.col("contract_no"),
            pl.col("service_no"),
            pl.col("client"),
            pl.col("month"),
            pl.col("allocation").fill_null(nothing),
            pl.col("allocation_start"),
            pl.when(~by_month).then(pl.col("start")).alias("first"),
            pl.when(~by_month).then(pl.col("end")).alias("last"),
            pl.when(~by_month).then(pl.col("level_no")).alias("level"),
            pl.when(by_session).then(pl.col("quantity_milli")).alias("quantity"),
            pl.when(by_session).then(pl.col("reference")).alias("session"),
            pl.when("is_message").then(pl.col("code")).alias("product"),
        )
        .hash(seed=0)
        .alias("care")
    )


def _credits_of(
    credits: pl.DataFrame, accepted: pl.DataFrame
) -> tuple[pl.DataFrame, list[pl.DataFrame], pl.DataFrame]:
    """The credits of a claim month against the debits accepted in earlier ones; last, the clients of messages (delivery,
    client) of whom nothing is judged: a credit of theirs undoes a line of another client (iJw TR304)."""
    debits = accepted.filter(~pl.col("is_credit")).select(
        "contract_no", debit="line", previous_reference="reference", debit_client="client", debit_service="service_no",
        debit_month=pl.coalesce("end_month", "month"), debit_open="open_months",
        **{f"debit_{name}": pl.col(name) for name in _COPIED},
    )  # fmt: skip
    matched = credits.join(debits, on=["contract_no", "previous_reference"], how="left", maintain_order="left")
    missing = pl.col("debit").is_null()
    other_client = ~missing & (pl.col("client") != pl.col("debit_client")).fill_null(False)
    other_service = ~missing & (pl.col("service_no") != pl.col("debit_service")).fill_null(False)
    altered = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"debit_{name}")) for name in _COPIED)
    altered = ~missing & pl.col("is_message") & (other_service | altered)
    differs = other_client | (other_service & ~pl.col("is_message"))
    strangers = matched.filter(other_client & pl.col("is_message")).select("delivery", "client").unique()
    by_stranger = pl.struct("delivery", "client").is_in(strangers.select(pl.struct("delivery", "client")).to_series().implode())
    beside = by_stranger & ~differs
    open_until = pl.col("debit_month") // 12 * 12 + 11 + pl.col("debit_open")
    closed = ~missing & ~differs & ~altered & ~beside & (pl.col("claim_month") > open_until).fill_null(False)
    undone = accepted.select(what="undoes").drop_nulls()
    good, used, twice = _first_come(
        matched.filter(~(missing | differs | altered | beside | closed)).with_columns(what=pl.col("debit")), accepted, undone
    )
    bad = [
        _refuse(matched.filter(missing), "credit-without-debit", "previous_reference", "8017", "previous_reference"),
        _refuse(matched.filter(differs), "credit-differs", "client", "8187", "previous_reference"),
        _refuse(matched.filter(altered & ~differs), "credit-altered", "previous_reference", "8017", "previous_reference"),
        _refuse(matched.filter(beside & ~missing), "client-not-judged", "client", "0233", "reference"),
        _refuse(matched.filter(closed), "year-closed", "previous_reference", "", "previous_reference"),
        _refuse(twice, "already-credited", "previous_reference", "9390", "previous_reference"),
        _refuse(used, "reference-used", "reference", "8021", "reference"),
    ]
    return good.with_columns(undoes=pl.col("debit")).select(accepted.columns), bad, strangers


_COPIED = ("allocation", "code", "start", "end", "quantity_milli", "unit", "claimed_cents")
"""What a credit of a JW323 repeats of the debit that it undoes, to the letter (iJw IV085): the amount too, or the answer
would grant something else than what is undone."""


def _late_besides(lines: pl.DataFrame, checks: Sequence[_Check], accepted: pl.DataFrame) -> list[pl.DataFrame]:
    """Which of these refused lines came ``late`` besides, and correct nothing that was credited in the same month. A day that
    lies outside the contract or in a closed year is not called late as well."""
    outside = [check.fault.fill_null(False) for check in checks if check.code in {"outside-contract", "year-closed"}]
    late = lines.filter(pl.col("late") & ~pl.any_horizontal(outside))
    if not late.height:
        return []
    credited = accepted.filter("is_credit").select("contract_no", "client", "month", "claim_month").unique()
    return [_too_late(late.join(credited, on=credited.columns, how="anti", maintain_order="left"))]


def _too_late(lines: pl.DataFrame) -> pl.DataFrame:
    latest = month_first(_last_claim_month()).dt.strftime("%Y-%m")
    return _told(lines, _Check("too-late", "start", pl.lit(True), "", _day("start"), latest))


def _not_too_late(
    debits: pl.DataFrame, credits: pl.DataFrame, accepted: pl.DataFrame
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """The debits of a claim month that came in time, or that correct a line credited in the same month: the same client
    and month of service. ``credits`` are those just accepted."""
    undone = accepted.filter(pl.col("line").is_in(credits.get_column("undoes").implode()))
    reopened = undone.select("contract_no", "client", "month").unique().with_columns(corrects=pl.lit(True))
    judged = debits.join(reopened, on=["contract_no", "client", "month"], how="left", maintain_order="left")
    late = pl.col("late") & ~pl.col("corrects").fill_null(False)
    return judged.filter(~late).drop("corrects"), [_too_late(judged.filter(late))]


def _debits_of(debits: pl.DataFrame, accepted: pl.DataFrame) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """The debits of a claim month against all that was accepted before, and the credits of the month itself."""
    undone = accepted.get_column("undoes").drop_nulls().unique()
    live = accepted.filter(~pl.col("is_credit") & ~pl.col("line").is_in(undone.implode()))
    # Lines of one arrangement tell of the same care, and may.
    care = pl.when(pl.col("kind") != "arrangement_fee").then(pl.col("care"))
    good, used, repeated = _first_come(debits.with_columns(what=care), accepted, live.select(what=care).drop_nulls())
    bad = [
        _refuse(used, "reference-used", "reference", "8021", "reference"),
        _told(repeated, _Check("already-claimed", "", pl.lit(True), "9389")),
    ]
    return good.select(accepted.columns), bad


_MOST_ROUNDS = 100


def _first_come(
    lines: pl.DataFrame, accepted: pl.DataFrame, taken: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Of lines that want the same reference, or the same ``what`` (the care, or the debit to credit), the first that is
    accepted has it: those accepted, those whose reference is used, those whose ``what`` is taken.

    A refused line takes nothing from another, so it goes in rounds: who is first in both is accepted, who wants what
    is taken is refused. What is still contested after very many rounds is refused.
    """
    reference = pl.when(pl.col("reference").is_not_null()).then(pl.struct("contract_no", "reference"))
    references = accepted.filter(pl.col("reference").is_not_null()).select("contract_no", "reference").unique()
    left, good, used, twice = lines, [lines.clear()], [lines.clear()], [lines.clear()]
    for _ in range(_MOST_ROUNDS):
        used.append(left.join(references, on=["contract_no", "reference"], how="semi", maintain_order="left"))
        left = left.join(references, on=["contract_no", "reference"], how="anti", maintain_order="left")
        twice.append(left.join(taken, on="what", how="semi", maintain_order="left"))
        left = left.join(taken, on="what", how="anti", maintain_order="left")
        if not left.height:
            break
        first = (reference.is_null() | (pl.int_range(pl.len()).over("contract_no", "reference") == 0)) & (
            pl.col("what").is_null() | (pl.int_range(pl.len()).over("what") == 0)
        )
        now = left.filter(first)
        good.append(now)
        left = left.filter(~first)
        references = pl.concat([references, now.select("contract_no", "reference").drop_nulls()])
        taken = pl.concat([taken, now.select("what").drop_nulls()])
    used.append(left)
    return pl.concat(good).sort("line"), pl.concat(used), pl.concat(twice)


def _as_their_debits(accepted: pl.DataFrame) -> pl.DataFrame:
    """The credits, which take everything from the line they undo, with the value negated: the two make nothing."""
    kept = [
        "line", "delivery", "claim_month", "sheet", "row", "contract", "direction", "reference",
        "previous_reference", "is_credit", "is_message", "undoes",
    ]  # fmt: skip
    taken = [column for column in accepted.columns if column not in kept]
    debits = accepted.select(pl.col("line").alias("undoes"), *taken)
    return (
        accepted.filter("is_credit").select(kept)
        .join(debits, on="undoes", how="left", maintain_order="left")
        .with_columns(-pl.col("value_cents"), -pl.col("quantity_milli"), credited=pl.lit(False))
    )  # fmt: skip


def _with_cells(refusals: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """Where the fault stands: the letters of the field's column and the row."""
    return (
        refusals.join(cells, on=["delivery", "field"], how="left", maintain_order="left")
        .with_columns(
            cell=pl.when(pl.col("letters").is_not_null())
            .then(pl.concat_str(pl.col("letters"), pl.col("row").cast(pl.String)))
            .otherwise(pl.lit(""))
        )
        .drop("letters")
    )


def _with_words(refusals: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """For a name that is not in the contract: the nearest that is, else all that are. Once for each distinct name."""
    levels = {"unknown-service": "service", "unknown-code": "code", "unknown-profile": "profile", "unknown-intensity": "intensity"}
    asked = refusals.filter(pl.col("code").is_in(list(levels))).select("contract_no", "code", "found").unique()
    if not asked.height:
        return refusals.drop("contract_no")
    words: dict[tuple[int, str], Sequence[str]] = {}
    numbers = list(tables.contracts.values())
    answers = []
    for contract_no, code, found in asked.iter_rows():
        contract = numbers[contract_no]
        if (contract_no, code) not in words:
            match levels[code]:
                case "service":
                    words[contract_no, code] = list(contract.services)
                case "code":
                    words[contract_no, code] = [c for service in contract.services.values() for c in service.codes]
                case level:
                    own = tables.services.filter(pl.col("contract_no") == contract_no).get_column("service_no")
                    column = f"{level}_name"
                    known = tables.levels.filter(pl.col("service_no").is_in(own.implode())).get_column(column)
                    words[contract_no, code] = [word for word in known.unique(maintain_order=True).to_list() if word]
        known_words = words[contract_no, code]
        near = difflib.get_close_matches(found, known_words, n=1, cutoff=0.6)
        answers.append((contract_no, code, found, near[0] if near else ", ".join(known_words[:12])))
    named = pl.DataFrame(
        answers, schema={"contract_no": pl.UInt32, "code": pl.String, "found": pl.String, "words": pl.String}, orient="row"
    )
    return (
        refusals.join(named, on=["contract_no", "code", "found"], how="left", maintain_order="left")
        .with_columns(expected=pl.coalesce("words", "expected"))
        .drop("words", "contract_no")
    )
