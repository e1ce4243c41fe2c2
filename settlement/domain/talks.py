"""Talk: what a contract manager and a provider have on the table once a quarter, a section for each contract.

It names no client, nothing that was delivered in words, and nothing of another provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from settlement.domain.conditions import Comparison
from settlement.domain.contract import Contract, Organisation, Provider
from settlement.domain.periods import Month, Quarter
from settlement.domain.records import Alert, MonthCourse, Position


@dataclass(frozen=True, slots=True)
class ClientFlow:
    """How clients came and went in one month. A client counts once, however many lines it has."""

    in_care: int = 0
    """Clients with a line in the month."""
    new: int = 0
    """Of those, the ones whose first line of the year it is."""
    ended: int = 0
    """Of those, the ones of whom a line of the month says that they ended."""

    @property
    def stayed(self) -> int:
        """Those in care that came earlier: with the new ones, everybody in care."""
        return self.in_care - self.new


@dataclass(frozen=True, slots=True)
class RefusalCount:
    """How many lines of the quarter were refused for one reason. A line with two faults counts with both."""

    code: str
    field: str
    """Of deliveries.md; empty when the line (or the file) as a whole was at fault."""
    national: str
    count: int


@dataclass(frozen=True, slots=True)
class MonthDelivered:
    """What was delivered in one claim month. Accepted + refused = delivered."""

    month: Month
    accepted: int
    refused: int


@dataclass(frozen=True, slots=True)
class TalkSection:
    """One contract on the table: where it stands at the quarter's end."""

    contract: Contract
    statement: str
    """The number of the statement of the quarter's last month."""
    position: Position
    """Of the contract."""
    services: tuple[Position, ...]
    """Of each service, as in the contract."""
    course: tuple[MonthCourse, ...]
    """Every month of the contract year, as on the statement."""
    limit: Literal["ceiling", "budget", ""]
    """What bounds the course; empty when nothing does."""
    flow: Mapping[str | None, tuple[tuple[Month, ClientFlow], ...]]
    """By service (``None``: the contract), the months up to the quarter's end."""
    agreed: Mapping[str | None, tuple[Comparison, ...]]
    """What bonuses and withholds ask of the outcomes, by service (``None``: the contract)."""
    delivered: tuple[MonthDelivered, ...]
    """The claim months of the quarter."""
    refusals: tuple[RefusalCount, ...]
    """Of the quarter, the most frequent first."""
    alerts: tuple[Alert, ...]
    """The signals that stand at the quarter's end and that the provider may see, the most pressing first."""

    @property
    def paid_cents(self) -> int:
        """Paid for the contract in the year to date, the payment of the quarter's last month included."""
        return sum(each.paid_cents or 0 for each in self.course)

    def ceiling_of(self, position: Position) -> Fraction | None:
        """The ceiling beside a position's figures to date; a ceiling of a month is no bound of them."""
        return None if self.contract.monthly_ceiling(position.key.service) else position.measures["ceiling"]

    def counting(self, measure: str) -> Fraction | None:
        """A measure in cents of what counts towards the limit: of the whole contract, or without the services that are outside
        its ceiling, as the statement has it."""
        outside = self.contract.outside_ceiling
        if not outside:
            return self.position.measures[measure]
        known = [
            one.measures[measure] for one in self.services if one.key.service is not None and one.key.service not in outside
        ]
        found = [cents for cents in known if cents is not None]
        return sum(found, Fraction(0)) if found else None

    @property
    def limit_cents(self) -> int | None:
        """The ceiling or the budget of the whole year; ``None`` when there is neither."""
        return self.course[-1].limit_to_date_cents if self.course else None


@dataclass(frozen=True, slots=True)
class Talk:
    """The account talk of one provider about one quarter."""

    number: str
    """``AG-2018-Q1-de-linde``: unique for a provider and quarter, and fit to name a file."""
    quarter: Quarter
    provider: Provider
    organisation: Organisation
    final: bool
    """False: made with a draft, and it says so."""
    run: str
    """The name of the run that it was made with."""
    rules_digest: str
    """SHA-256 over all rule files read, hexadecimal."""
    sections: tuple[TalkSection, ...]
    """The provider's contracts, in order of number."""

    @property
    def period(self) -> Month:
        """The quarter's last month: everything is up to and including it."""
        return self.quarter.months[2]
