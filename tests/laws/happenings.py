"""What can happen to a contract in a month: files with late lines, credits and corrections, replacements, changes of rules.

Each thing that happens is noted by name, in the life of the contract and in the count of all.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from generated import Made
from workbench import Line, Yaml, euro

from settlement.domain.periods import Month

FIRST, LAST = Month(2018, 1), Month(2019, 3)
_AMOUNT = re.compile(r"€ ([\d.]+),(\d\d)")


@dataclass
class Life:
    """One contract with what was delivered for it so far, and what happened to it."""

    made: Made
    agreed: Yaml
    files: dict[Month, tuple[str, list[Line]]] = field(default_factory=dict)
    """Claim month → name and lines of the delivery in use."""
    credited: dict[str, Month] = field(default_factory=dict)
    """Reference → the claim month of its credit."""
    happened: set[str] = field(default_factory=set)
    bit: set[str] = field(default_factory=set)
    """The terms that gave or took something in any of its runs."""

    @property
    def number(self) -> str:
        return str(self.agreed["contract"])

    def months_of(self, key: str) -> int | None:
        """``claim_deadline`` or ``corrections_until``, in months; ``None`` where the contract is silent."""
        told = self.agreed.get("deliveries", {}).get(key)
        return None if told is None else int(told.split()[0])


def agreed_anew(rng: Random, made: Made) -> Life:
    """A contract as it is signed: some end within the year, some in the next; some with a deadline, some close early."""
    agreed = copy.deepcopy(made.agreed)
    if agreed["ends"] == "2018-12-31":
        agreed["ends"] = rng.choice(["2018-12-31", "2019-12-31", "2019-12-31", "2019-01-17"])
    deliveries: Yaml = {}
    if rng.random() < 0.3:
        deliveries["claim_deadline"] = rng.choice(["1 month", "2 months"])
    if rng.random() < 0.3:
        deliveries["corrections_until"] = rng.choice(["1 month", "2 months"])
    if deliveries:
        agreed["deliveries"] = deliveries
    terms = agreed.setdefault("terms", {})
    if rng.random() < 0.15:
        terms["ceiling"] = {"article": "6.6", "per": "contract", "above": rng.choice(["not paid", "paid at 12,5 %", "held"]),
                            "amounts": {"2018-01-01": euro(rng.randrange(100_00, 30_000_00))}}  # fmt: skip
    if rng.random() < 0.2:
        terms["minimum_clients"] = {"article": "4.3", "settles": rng.choice(["year_end", "on substantial deviation"]),
                                    "signal_below": "80 %", "per_missing_client": euro(rng.randrange(10_00, 300_00)),
                                    "amounts": {"2018-01-01": str(rng.randrange(1, 12))}}  # fmt: skip
    if not terms:
        del agreed["terms"]
    return Life(made, agreed)


# ---- files -----------------------------------------------------------------------------------------------


def deliver(rng: Random, life: Life, month: Month, counter: Iterator[int]) -> None:
    """The file of a month: new lines, late lines, credits with their corrections; or none; or an earlier one is replaced."""
    lines = [life.made.line(rng, month, next(counter)) for _ in range(rng.randrange(4))]
    if month > FIRST and rng.random() < 0.4:
        lines.append(life.made.line(rng, Month.from_index(rng.randrange(FIRST.index, month.index)), next(counter)))
        life.happened.add("late line")
    if rng.random() < 0.06:
        lines.append({**life.made.line(rng, month, next(counter)), "service": "bestaat niet"})
        life.happened.add("refused line")
    running = [line for _, found in life.files.values() for line in found if _runs(line)]
    if running and rng.random() < 0.5:
        # A second line tells of the end of an arrangement that an earlier file told of.
        day = month.first_day.replace(day=rng.randrange(1, 29))
        lines.append({**rng.choice(running), "end": str(day), "result": rng.choice(["reached", "not reached"]), "reference": f"e{next(counter)}"})
        life.happened.add("result in a later file")
    creditable = [line for _, found in life.files.values() for line in found if _can_be_credited(life, line)]
    if creditable and rng.random() < 0.4:
        line = rng.choice(creditable)
        life.credited[line["reference"]] = month
        credit = {key: value for key, value in line.items() if key in {"client", "service", "start", "end"}}
        lines.append({**credit, "direction": "C", "reference": f"c{next(counter)}", "previous_reference": line["reference"]})
        life.happened.add("credit")
        if rng.random() < 0.7:
            again = life.made.line(rng, service_month(line), next(counter))
            lines.append({**again, "client": line["client"]})
            life.happened.add("correction")
    rng.shuffle(lines)
    if rng.random() < 0.15:
        replace_a_file(rng, life, counter)
    if lines or rng.random() < 0.5:
        life.files[month] = ("levering", lines)
    else:
        life.happened.add("missing file")


def replace_a_file(rng: Random, life: Life, counter: Iterator[int]) -> None:
    """An earlier delivery comes again, whole: a line less, and perhaps another in its place."""
    replaceable = [(when, line) for when, (_, found) in life.files.items() for line in found if _can_be_credited(life, line)]
    if not replaceable:
        return
    when, line = rng.choice(replaceable)
    name, found = life.files[when]
    kept = [one for one in found if one is not line]
    if rng.random() < 0.5:
        kept.append(life.made.line(rng, when, next(counter)))
    life.files[when] = (f"{name} v2", kept)
    life.happened.add("replaced file")


def service_month(line: Line) -> Month:
    """The month of a line's first day."""
    return Month(int(line["start"][:4]), int(line["start"][5:7]))


def _runs(line: Line) -> bool:
    return "profile" in line and "end" not in line and "direction" not in line


def _can_be_credited(life: Life, line: Line) -> bool:
    return "direction" not in line and line["reference"] not in life.credited and line["service"] in life.agreed["services"]


def right_in_the_end(life: Life) -> list[Line]:
    """The lines that count by a plain reading of all files: in time, or correcting what is credited in the same file; and
    not credited."""
    accepted: dict[str, Line] = {}
    gone: set[str] = set()
    deadline = life.months_of("claim_deadline")
    for claim, (_, lines) in sorted(life.files.items()):
        before, corrected = dict(accepted), set()
        for line in lines:
            undone = before.get(line.get("previous_reference", ""))
            if undone is not None:
                gone.add(undone["reference"])
                corrected.add((undone["client"], service_month(undone)))
        for line in lines:
            if "direction" in line or not life.agreed["starts"] <= line["start"] <= life.agreed["ends"]:
                continue
            if "profile" not in line and line["end"] > life.agreed["ends"]:
                continue
            held_to = line["end"] if "profile" in line and "end" in line else line["start"]
            late = deadline is not None and claim.index > int(held_to[:4]) * 12 + int(held_to[5:7]) - 1 + deadline
            if late and (line["client"], service_month(line)) not in corrected:
                life.happened.add("too late")
            else:
                accepted[line["reference"]] = line
    return [line for reference, line in accepted.items() if reference not in gone]


# ---- rules -----------------------------------------------------------------------------------------------


def change_rules(rng: Random, life: Life) -> bool:
    """Changes one clause in retrospect: an amount, a count, a share, a band, the end; adds one, or strikes one out."""
    agreed = life.agreed
    owners = [*agreed["services"].values(), *([agreed["terms"]] if "terms" in agreed else [])]
    owner, kind = rng.choice([(owner, kind) for owner in owners for kind in owner])
    term, told, draw = owner[kind], "", rng.random()
    if draw < 0.1:
        told = _change_the_end(rng, agreed)
    elif draw < 0.25 and kind in {"ceiling", "minimum_clients", "corridor", "withhold", "shared_savings", "outcome_bonus"}:
        del owner[kind]
        if owner is agreed.get("terms") and not owner:
            del agreed["terms"]
        told = f"{kind} struck out"
    elif draw < 0.35 and "ceiling" not in agreed.get("terms", {}):
        # From January, in whatever month it is agreed.
        agreed.setdefault("terms", {})["ceiling"] = {
            "article": "6.7", "per": rng.choice(["year", "month"]), "above": "not paid",
            "amounts": {"2018-01-01": euro(rng.randrange(100_00, 20_000_00))},
        }  # fmt: skip
        told = "ceiling agreed"
    elif kind == "ceiling":
        per_cent = rng.choice([50, 150, 200, 300])
        owner[kind] = {**term, "amounts": _times(term["amounts"], per_cent)}
        told = "ceiling raised" if per_cent > 100 else "ceiling lowered"
    elif kind == "minimum_clients":
        owner[kind] = {**term, "amounts": {"2018-01-01": str(rng.randrange(1, 15))}}
        told = "minimum_clients changed"
    elif kind == "corridor":
        owner[kind] = {**term, "margin": rng.choice(["0 %", "2,5 %", "12 %"])}
        told = "corridor changed"
    elif kind == "bonus_malus":
        owner[kind] = {**term, "bands": {"below 60 %": "-1,5 %", "otherwise": "1,25 %"}}
        told = "bonus_malus changed"
    elif kind == "shared_savings":
        owner[kind] = {**term, "against": _times(term["against"], rng.choice([80, 130]))}
        told = "shared_savings changed"
    elif "amounts" in term:
        owner[kind] = {**term, "amounts": _times(term["amounts"], rng.choice([90, 101, 120]))}
        told = f"{kind} changed"
    elif "share" in term:
        owner[kind] = {**term, "share": "1,75 %"}
        told = f"{kind} changed"
    if told:
        life.happened |= {f"rule: {told}", "rule changed"}
    return bool(told)


def _change_the_end(rng: Random, agreed: Yaml) -> str:
    before = agreed["ends"]
    agreed["ends"] = rng.choice(["2018-11-30", "2018-12-31", "2019-12-31"])
    if agreed["starts"] > "2018-01-01" and before < "2018-12-31":
        agreed["ends"] = before
    if agreed["ends"] == before:
        return ""
    return "contract ended earlier" if agreed["ends"] < before else "contract prolonged"


def _times(amounts: Yaml, per_cent: int) -> Yaml:
    def scaled(match: re.Match[str]) -> str:
        return euro(max((int(match[1].replace(".", "")) * 100 + int(match[2])) * per_cent // 100, 1))

    return {key: _AMOUNT.sub(scaled, value) if isinstance(value, str) else _times(value, per_cent) for key, value in amounts.items()}
