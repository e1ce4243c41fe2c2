"""Which contract, service and price level each line means; what it says in words becomes whole numbers here."""

from __future__ import annotations

import datetime as dt
import math

import polars as pl

from settlement.deliveries.lines import LINES, of_message
from settlement.pricing.tables import ANY_LEVEL, Tables

_WORDS = ["contract_no", "service", "code", "profile", "intensity"]
_OF_CONTRACT = ["provider", "starts", "ends", "first_open_month", "deadline_months", "open_months", "rounding"]
"""The attributes that all services of a contract have alike: known though a line's service is not."""


def fold(column: str) -> pl.Expr:
    """A name as it is compared, in a frame: case and runs of spaces don't matter."""
    return pl.col(column).cast(pl.String).str.to_lowercase().str.strip_chars().str.replace_all(r"\s+", " ")


def resolve(lines: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """The lines of known contracts, with what they mean.

    A profile or intensity that the line leaves out is filled in from its code, where that stands for one.
    Adds ``is_message``, ``line`` (position among all lines), ``contract_no``, ``service_no``, ``level_no`` (null where not found), the
    faults of naming (``unknown_service`` … booleans), ``month`` (Month.index of the first day; null without one),
    ``client_no`` (for grouping only) and the acceptance attributes of the service. Lines of contracts that are not settled are left out.
    """
    numbers = pl.Enum(list(tables.contracts))
    contract_no = lines.get_column("contract").cast(numbers, strict=False).to_physical().cast(pl.UInt32).alias("contract_no")
    known = lines.with_columns(is_message=of_message(lines)).with_row_index("line").hstack([contract_no])
    if contract_no.null_count():
        known = known.filter(contract_no.is_not_null())
    first, which = _wordings(known.select(_WORDS))
    meanings = _meanings(known.select(_WORDS)[first].with_row_index("wording"), tables).sort("wording")
    # Each wording means one thing; what follows goes by position and would be silently wrong otherwise.
    assert meanings.height == len(first), "a wording has two meanings"
    meanings = meanings.drop("wording", *_WORDS)
    # What all wordings have in common (most faults: none has them) is said once, not looked up for each line.
    common = [column for column in meanings.columns if meanings.get_column(column).n_unique() == 1]
    resolved = (
        known.hstack(meanings.drop(common)[which])
        .with_columns(pl.lit(meanings.get_column(column).first(), dtype=meanings.schema[column]).alias(column) for column in common)
        .with_columns(
            _months(known.get_column("start")).alias("month"), _months(known.get_column("end")).alias("end_month"),
            client_no=pl.col("client").to_physical(),
        )
    )  # fmt: skip
    levels = [level for level in ("profile", "intensity") if resolved.get_column(f"code_{level}").null_count() < resolved.height]
    return resolved.with_columns(pl.coalesce(level, pl.col(f"code_{level}").cast(LINES[level])).alias(level) for level in levels).drop(
        "code_profile", "code_intensity"
    )


def resolve_partly(lines: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """As ``resolve``, of lines (``PARTLY``) with cells that could not be read: null where what it adds follows from such a cell.

    A service that is named does not follow from the code beside it, nor a level that is named.
    """
    unread = pl.col("unread").list
    service = unread.contains("service") | (pl.col("service").is_null() & unread.contains("code"))
    resolved = resolve(lines, tables)
    own = [column for column in tables.services.columns if column not in {*_OF_CONTRACT, "contract_no", "contract", "service"}]
    levels = {
        level: service | unread.contains(level) | (pl.col(level).is_null() & unread.contains("code"))
        for level in ("profile", "intensity")
    }
    # What a level is priced by may be the allocation's first day.
    level_no = pl.col("priced_on_allocation").fill_null(False) & unread.contains("allocation_start")
    for level, follows in levels.items():
        level_no |= pl.col(f"by_{level}").fill_null(False) & follows
    unknown = {
        **dict.fromkeys([*own, "missing_service", "unknown_code"], service),
        **{f"{fault}_{level}": follows for level, follows in levels.items() for fault in ("missing", "unknown")},
        "no_such_level": levels["profile"] | levels["intensity"],
        "level_no": service | level_no,
    }
    return resolved.with_columns(pl.when(~follows).then(column).alias(column) for column, follows in unknown.items())


_DENSE = 2**22
"""Up to so many possible wordings are numbered by a table of all of them; more, by matching."""


def _wordings(said: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """The distinct combinations of words: the position of the first line with each, and which of them each line has.

    The words of a line are numbers already; together they make one number, on which a million lines are matched.
    """
    largest = said.select(pl.all().to_physical().max().fill_null(0)).row(0)
    # Each word has one number more, for no word.
    sizes = [most + 2 for most in largest]
    possible = math.prod(sizes)
    if possible >= 2**63:  # so many different words come from no office; they are matched as they are
        first = said.select(pl.struct(pl.all()).arg_unique()).to_series()
        return first, _matched(said, said[first])
    number = pl.UInt32 if possible < 2**32 else pl.UInt64
    key = pl.lit(0, dtype=number)
    for word, size in zip(said, sizes, strict=True):
        one = pl.col(word.name).to_physical().cast(number)
        key = key * size + (one.fill_null(size - 1) if word.null_count() else one)
    keys = said.select(key=key)
    first = keys.to_series().arg_unique()
    if possible <= _DENSE:
        table = pl.Series([0], dtype=pl.UInt32).new_from_index(0, possible)
        table = table.scatter(keys.to_series().gather(first), pl.int_range(len(first), dtype=pl.UInt32, eager=True))
        return first, table.gather(keys.to_series())
    return first, _matched(keys, keys[first])


def _matched(said: pl.DataFrame, distinct: pl.DataFrame) -> pl.Series:
    numbered = distinct.with_row_index("wording")
    return said.join(numbered, on=said.columns, how="left", maintain_order="left", nulls_equal=True).get_column("wording")


def _months(days: pl.Series) -> pl.Series:
    """Month.index of each day, looked up: there are far fewer days than lines."""
    first, last = days.min(), days.max()
    if not isinstance(first, dt.date) or not isinstance(last, dt.date):
        return pl.Series([None], dtype=pl.Int32).new_from_index(0, len(days))
    every = pl.date_range(first, last, eager=True)
    months = every.dt.year() * 12 + every.dt.month().cast(pl.Int32) - 1
    return months.gather((days.to_physical() - every.to_physical().first()).cast(pl.UInt32))


def _meanings(words: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """Each distinct wording (by its number) with its service, level and faults: few rows, however many lines there are."""
    services = tables.services
    only = (
        services.group_by("contract_no").agg(only_service=pl.col("service_no").first(), count=pl.len())
        .filter(pl.col("count") == 1).drop("count")
    )
    coded = tables.codes.select("service_no").unique().with_columns(has_codes=pl.lit(True))
    found = (
        words.with_columns(
            name=fold("service"), code_key=fold("code"),
            profile_key=fold("profile"), intensity_key=fold("intensity"),
        )
        .join(tables.names.rename({"service_no": "by_name"}), on=["contract_no", "name"], how="left")
        .join(
            tables.codes.rename({"service_no": "by_code", "code": "code_key"}), on=["contract_no", "code_key"], how="left"
        )
        .join(only, on="contract_no", how="left")
        .with_columns(
            said_profile=pl.col("profile_key"), said_intensity=pl.col("intensity_key"),
            profile_key=pl.coalesce("profile_key", fold("code_profile")),
            intensity_key=pl.coalesce("intensity_key", fold("code_intensity")),
        )
        .with_columns(
            service_no=pl.when(pl.col("name").is_not_null()).then(pl.col("by_name"))
            .when(pl.col("code_key").is_not_null()).then(pl.col("by_code"))
            .otherwise(pl.col("only_service"))
        )
        .join(services.drop("contract", "contract_no", "service", *_OF_CONTRACT), on="service_no", how="left")
        .join(services.select("contract_no", *_OF_CONTRACT).unique(), on="contract_no", how="left")
        .join(coded, on="service_no", how="left")
    )  # fmt: skip
    needs_profile, needs_intensity = pl.col("by_profile").fill_null(False), pl.col("by_intensity").fill_null(False)
    found = found.with_columns(
        profile_key=pl.when(needs_profile).then(pl.col("profile_key")).otherwise(pl.lit(ANY_LEVEL)),
        intensity_key=pl.when(needs_intensity).then(pl.col("intensity_key")).otherwise(pl.lit(ANY_LEVEL)),
    )
    profiles = tables.levels.select("service_no", "profile_key").unique().with_columns(profile_known=pl.lit(True))
    intensities = tables.levels.select("service_no", "intensity_key").unique().with_columns(intensity_known=pl.lit(True))
    found = (
        found.join(profiles, on=["service_no", "profile_key"], how="left")
        .join(intensities, on=["service_no", "intensity_key"], how="left")
        .join(
            tables.levels.select("service_no", "profile_key", "intensity_key", "level_no"),
            on=["service_no", "profile_key", "intensity_key"], how="left",
        )
    )  # fmt: skip
    has_service = pl.col("service_no").is_not_null()
    return found.select(
        "wording",
        *_WORDS,
        "service_no",
        "level_no",
        *[column for column in services.columns if column not in {"contract_no", "contract", "service_no", "service"}],
        missing_service=pl.col("name").is_null() & pl.col("code_key").is_null() & ~has_service,
        unknown_service=pl.col("name").is_not_null() & pl.col("by_name").is_null(),
        unknown_code=pl.col("code_key").is_not_null()
        & pl.col("by_code").is_null()
        & (pl.col("name").is_null() | (pl.col("by_name").is_not_null() & pl.col("has_codes").fill_null(False))),
        service_and_code_differ=(
            pl.col("by_name").is_not_null() & pl.col("by_code").is_not_null() & (pl.col("by_name") != pl.col("by_code"))
        )
        | (pl.col("said_profile") != fold("code_profile")).fill_null(False)
        | (pl.col("said_intensity") != fold("code_intensity")).fill_null(False),
        code_profile=pl.when(pl.col("said_profile").is_null()).then(pl.col("code_profile")),
        code_intensity=pl.when(pl.col("said_intensity").is_null()).then(pl.col("code_intensity")),
        missing_profile=has_service & needs_profile & pl.col("profile_key").is_null(),
        unknown_profile=has_service & pl.col("profile_key").is_not_null() & pl.col("profile_known").is_null(),
        missing_intensity=has_service & needs_intensity & pl.col("intensity_key").is_null(),
        unknown_intensity=has_service & pl.col("intensity_key").is_not_null() & pl.col("intensity_known").is_null(),
        no_such_level=has_service
        & pl.col("profile_known").fill_null(False)
        & pl.col("intensity_known").fill_null(False)
        & pl.col("level_no").is_null(),
    )
