"""The working day on which a month is settled, and the moment on it."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from settlement.domain.contract import Schedule
from settlement.domain.periods import Month


@lru_cache(maxsize=64)
def public_holidays(year: int) -> frozenset[dt.date]:
    """The Dutch public holidays of a year on which nothing is settled.

    Those of the General Extension of Time Limits Act (Algemene termijnenwet, art. 3), Good Friday among them, with
    one exception: Liberation Day, 5 May, counts only in the years that end in 0 or 5. The act names it every year,
    but by most collective agreements offices work on it in the years between. A municipality that is closed then
    finds the draft waiting the day after: the day decides when a month is settled, never what is paid.
    """
    from holidays import country_holidays

    return frozenset(country_holidays("NL", years=[year]))


@lru_cache(maxsize=1024)
def working_days(month: Month) -> tuple[dt.date, ...]:
    """Monday to Friday without the public holidays, in order; every month has some."""
    closed = public_holidays(month.year)
    days = (month.first_day + dt.timedelta(days=offset) for offset in range(month.last_day.day))
    return tuple(day for day in days if day.weekday() < 5 and day not in closed)


def time_zone(name: str) -> ZoneInfo:
    """The zone of this name; raises ``ValueError`` when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{name}' is not a time zone; write it as Europe/Amsterdam") from None


def planned_moment(schedule: Schedule, claim_month: Month) -> dt.datetime:
    """When a claim month is settled: on the n-th working day of the month after it, at the hour, in the zone.

    A month with fewer working days than asked is settled on its last one, so that no month is ever skipped.
    An hour that the clock skips is taken as far after the jump as it lies after the hour before it (02:30 is then
    03:30); an hour that comes twice is taken the first time. Either way there is one moment.
    """
    if schedule.working_day < 1:
        raise ValueError(f"the working day of the schedule must be 1 or more, not {schedule.working_day}")
    days = working_days(claim_month.plus(1))
    day = days[min(schedule.working_day, len(days)) - 1]
    zone = time_zone(schedule.time_zone)
    local = dt.datetime.combine(day, dt.time(schedule.hour, schedule.minute), tzinfo=zone)
    return local.astimezone(dt.UTC).astimezone(zone)
