"""The command line: commands, exit codes, progress; nothing else. Heavy imports happen inside the commands."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from settlement.domain.periods import Month
    from settlement.domain.problems import Problem
    from settlement.run.month import Computed, Workspace

app = typer.Typer(
    help="Settles care contracts: rule files and deliveries in; payment statements, alerts and a ledger out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

GOOD, FAULT, WRONG_USE, RULE_PROBLEM, DELIVERY_PROBLEM, HELD = 0, 1, 2, 3, 4, 5
"""The exit codes (see the README): what a scheduler or a script can go by."""

Rules = Annotated[Path, typer.Option("--rules", help="Folder of the rule files.")]
Inputs = Annotated[Path, typer.Option("--inputs", help="Folder of the deliveries.")]
Outputs = Annotated[Path, typer.Option("--outputs", help="Folder of the results and the ledger.")]
Period = Annotated[str, typer.Option("--period", help="The claim month, such as 2018-03.")]
Json = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]

_RULES, _INPUTS, _OUTPUTS = Path("rules"), Path("inputs"), Path("outputs")


# ---- talking ---------------------------------------------------------------------------------------------


def _say(text: str = "") -> None:
    sys.stdout.write(text + "\n")


def _tell(text: str) -> None:
    """To the error stream: what is wrong, and what is going on."""
    sys.stderr.write(text + "\n")


def _print_json(content: object) -> None:
    _say(json.dumps(content, ensure_ascii=False, indent=1, default=str))


def _euro(cents: int) -> str:
    whole, rest = divmod(abs(cents), 100)
    return f"€ {'-' if cents < 0 else ''}{whole:,}".replace(",", ".") + f",{rest:02d}"


def _table(headings: list[str], rows: list[list[str]], right: set[int]) -> None:
    """A plain table: columns as wide as their widest cell."""
    if not rows:
        return
    widths = [max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))]
    for row in [headings, ["-" * width for width in widths], *rows]:
        cells = [cell.rjust(width) if n in right else cell.ljust(width) for n, (cell, width) in enumerate(zip(row, widths, strict=True))]
        _say("  ".join(cells).rstrip())


_STAGES = {
    "snapshot": "copying rules and deliveries",
    "rules": "reading rule files",
    "deliveries": "reading deliveries",
    "terms": "laying out the terms",
    "lines": "holding lines to the contracts",
    "pricing": "pricing",
    "ceilings": "ceilings",
    "positions": "adding up positions",
    "decisions": "deciding",
    "signals": "signals",
    "statements": "composing statements",
    "balance": "checking the balance",
    "writing": "writing the papers",
    "ledger": "recording in the ledger",
}


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str], None]]:
    """Shows the stages: one changing line on a terminal, plain lines with times in a log; nothing when quiet."""
    import time

    if quiet:
        yield lambda _: None
        return
    began = time.monotonic()
    on_terminal = sys.stderr.isatty()

    def step(name: str) -> None:
        words = _STAGES.get(name, name)
        elapsed = time.monotonic() - began
        if on_terminal:
            sys.stderr.write(f"\r\x1b[2K{elapsed:5.1f} s  {words} …")
            sys.stderr.flush()
        else:
            _tell(f"{elapsed:5.1f} s  {words}")

    try:
        yield step
    finally:
        if on_terminal:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


def _month(text: str) -> Month:
    from settlement.domain.periods import Month

    try:
        return Month.parse(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a month. Write the year and the month: 2018-03") from None


def _workspace(rules: Path, inputs: Path, outputs: Path) -> Workspace:
    from settlement.run.month import Workspace

    return Workspace(rules, inputs, outputs)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).astimezone()


def _show_problems(problems: tuple[Problem, ...] | list[Problem]) -> None:
    for problem in problems:
        _tell(f"{problem}\n")


def _problem_json(problem: Problem) -> dict[str, Any]:
    place = problem.place
    return {
        "code": problem.code, "file": place.file, "line": place.line, "column": place.column,
        "message": problem.message, "help": problem.help, "contract": problem.contract,
    }  # fmt: skip


# ---- check -----------------------------------------------------------------------------------------------


@app.command()
def check(
    rules: Rules = _RULES, inputs: Inputs = _INPUTS, period: Annotated[str, typer.Option(help="Check up to this month; the last that has a folder unless given.")] = "",
    as_json: Json = False,
) -> None:
    """Checks rule files and deliveries; writes nothing."""
    from settlement.run.checking import check_all

    with _progress(as_json) as step:
        found = check_all(_workspace(rules, inputs, _OUTPUTS), _month(period) if period else None, step)
    code = RULE_PROBLEM if found.rule_problems else DELIVERY_PROBLEM if found.delivery_problems or found.refused else GOOD
    if as_json:
        _print_json(
            {
                "contracts": found.contracts,
                "rule_problems": [_problem_json(one) for one in found.rule_problems],
                "delivery_problems": [_problem_json(one) for one in found.delivery_problems],
                "refusals": [{"place": place, "told": told} for place, told in found.refused],
                "exit_code": code,
            }
        )
    else:
        _show_problems([*found.rule_problems, *found.delivery_problems])
        for place, told in found.refused:
            _tell(f"{place}: {told}")
        _say(
            f"{found.contracts} contracts can be settled; {len(found.rule_problems)} problems in rule files, "
            f"{len(found.delivery_problems)} in deliveries, {len(found.refused)} refusals"
            f"{f' (up to {found.until})' if found.until else ''}."
        )
    raise typer.Exit(code)


# ---- run -------------------------------------------------------------------------------------------------


@app.command()
def run(
    period: Period,
    rules: Rules = _RULES,
    inputs: Inputs = _INPUTS,
    outputs: Outputs = _OUTPUTS,
    preview: Annotated[bool, typer.Option("--preview", help="Show the differences only; write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Settles a month as a draft, with all its papers."""
    from settlement.run.month import compute, draft, totals

    workspace, month = _workspace(rules, inputs, outputs), _month(period)
    with _progress(as_json) as step:
        if preview:
            computed, written = compute(workspace, month, report=step), None
        else:
            made = draft(workspace, month, _now(), step)
            computed, written = made.computed, made
    code = _run_code(computed)
    if as_json:
        _print_json(
            {
                "run": computed.name,
                "period": period,
                "status": "preview" if preview else "draft",
                "folder": None if written is None or written.unchanged else str(written.folder),
                "totals": totals(computed),
                "problems": [_problem_json(one) for one in computed.problems],
                "payable": {one.contract.number: one.payable_cents for one in computed.statements},
                "exit_code": code,
            }
        )
        raise typer.Exit(code)
    _show_problems(computed.problems)
    _show_month(computed)
    if written is not None and written.unchanged:
        _say(f"\n{month} is final and nothing has changed since; nothing was written.")
    elif written is not None:
        _say(f"\n{written.written} files in {written.folder}. This is a draft: look at it, then settlement approve --period {month} --by 'your name'")
    else:
        _say("\nA preview: nothing was written.")
    raise typer.Exit(code)


def _run_code(computed: Computed) -> int:
    from settlement.run.month import totals

    if any(problem.contract is not None or problem.place.file.endswith((".yaml", ".yml")) for problem in computed.problems):
        return RULE_PROBLEM
    if any(one.held_cents or one.on_hold for one in computed.statements):
        return HELD
    if computed.problems or totals(computed)["deliveries_missing"]:
        return DELIVERY_PROBLEM
    return GOOD


def _show_month(computed: Computed) -> None:
    rows = []
    for one in computed.statements:
        now = sum(row.difference_cents for row in one.rows if row.month == one.period)
        earlier = sum(row.difference_cents for row in one.rows if row.month != one.period)
        rows.append(
            [one.contract.number, one.provider.name, _euro(now), _euro(earlier), _euro(one.carried_cents), _euro(one.to_pay_cents),
             str(one.refused_lines or ""), str(len([a for a in computed.settlement.alerts if a.contract == one.contract.number]) or "")]
        )  # fmt: skip
    _table(
        ["contract", "provider", str(computed.period), "earlier months", "carried", "to pay", "refused", "alerts"],
        rows, {2, 3, 4, 5, 6, 7},
    )  # fmt: skip
    total = sum(one.to_pay_cents for one in computed.statements)
    held = sum(one.held_cents for one in computed.statements)
    _say(f"\nTo pay {_euro(total)} on {len(computed.payments)} statements" + (f"; held back {_euro(held)}" if held else "") + ".")
    for contract, month in sorted(computed.settlement.counted.missing):
        _say(f"No delivery of {contract} for {month}.")


# ---- approve ---------------------------------------------------------------------------------------------


@app.command()
def approve(
    period: Period,
    by: Annotated[str, typer.Option("--by", help="Who approves.")],
    rules: Rules = _RULES,
    inputs: Inputs = _INPUTS,
    outputs: Outputs = _OUTPUTS,
    as_json: Json = False,
) -> None:
    """Makes the draft of a month final and records it in the ledger."""
    from settlement.run.month import approve as make_final

    person = " ".join(by.split())
    if not person:
        raise typer.BadParameter("Say who approves: --by 'A. de Vries'")
    with _progress(as_json) as step:
        done = make_final(_workspace(rules, inputs, outputs), _month(period), person, _now(), step)
    if as_json:
        _print_json(
            {
                "approved_by": [one.person for one in done.approvals] or [person],
                "final": done.final is not None,
                "run": done.final.name if done.final else None,
                "paid_cents": done.final.paid_cents if done.final else 0,
                "folder": str(done.folder),
            }
        )
    elif done.final is None:
        _say(f"{person} has approved {period}. A second, different person has to, before it is final.")
    else:
        _say(f"{done.final.name} is final: {_euro(done.final.paid_cents)} in {done.final.payments} payments. The payment advice is {done.folder / 'payments.csv'}.")


# ---- explain ---------------------------------------------------------------------------------------------


@app.command()
def explain(
    contract: Annotated[str, typer.Argument(help="The contract's number.")],
    period: Period,
    service: Annotated[str | None, typer.Option(help="Only this service.")] = None,
    term: Annotated[str | None, typer.Option(help="Only this kind of term, such as ceiling.")] = None,
    month: Annotated[str | None, typer.Option(help="Only this month of service.")] = None,
    amount: Annotated[str | None, typer.Option(help="Only where this amount stands, such as '690,00'.")] = None,
    outputs: Outputs = _OUTPUTS,
    most: Annotated[int, typer.Option("--lines", help="How many delivered lines to name for each amount.")] = 10,
    as_json: Json = False,
) -> None:
    """Explains the amounts of a statement: term, article, rule file and line, numbers, delivered cells."""
    import dataclasses

    from settlement.run.explain import explain as why
    from settlement.run.month import Workspace

    found = why(
        Workspace(_RULES, _INPUTS, outputs), contract, _month(period), service=service, term=term,
        month=_month(month) if month else None, amount_cents=_cents(amount) if amount else None,
    )  # fmt: skip
    if as_json:
        _print_json(dataclasses.asdict(found))
        return
    _say(f"{found.statement} ({found.run}, {found.status}): payable {_euro(found.payable_cents)}, to pay {_euro(found.to_pay_cents)}")
    if found.carried_cents:
        _say(f"  of which carried from earlier settlements {_euro(found.carried_cents)}")
    for row in found.rows:
        _say()
        _say(f"{row.month} · {row.service or 'the contract'} · {row.term} (article {row.article})")
        change = f"  (was {_euro(row.was_cents)}, so {_euro(row.is_cents - row.was_cents)} now)" if row.was_cents else ""
        _say(f"  {_euro(row.is_cents)}{change}")
        _say(f"  rule     {row.place}")
        if row.formula:
            _say(f"  formula  {row.formula}")
            _say(f"  numbers  {row.filled}")
        for line in row.lines[:most]:
            where = f"{line.file}{f', sheet {line.sheet}' if line.sheet else ''}, row {line.row}"
            cells = f" (cells {', '.join(line.cells)})" if line.cells else ""
            price = f" × {_euro(line.price_cents)}" if line.price_cents is not None else ""
            price += f" [{line.price_place}]" if line.price_place else ""
            cut = f", ceiling took {_euro(line.cut_cents)}" if line.cut_cents else ""
            _say(f"  line     {where}{cells}: {line.quantity or '1'}{price} = {_euro(line.value_cents)}{cut}, earned {_euro(line.earned_cents)}{f' [{line.reason}]' if line.reason else ''}")
        if len(row.lines) > most:
            _say(f"           … and {len(row.lines) - most} more lines (--lines {len(row.lines)}, or --json)")


def _cents(text: str) -> int:
    import re

    plain = text.replace("€", "").replace(" ", "").replace(".", "")
    match = re.fullmatch(r"(-?)(\d+)(?:,(\d{1,2}))?", plain)
    if match is None:
        raise typer.BadParameter(f"'{text}' is not an amount. Write it as on the statement: '1.234,50'")
    cents = int(match[2]) * 100 + int((match[3] or "0").ljust(2, "0"))
    return -cents if match[1] else cents


# ---- show ------------------------------------------------------------------------------------------------


@app.command()
def show(
    contract: Annotated[str, typer.Argument(help="The contract's number.")],
    rules: Rules = _RULES,
    english: Annotated[bool, typer.Option("--english", help="In English instead of Dutch.")] = False,
    as_json: Json = False,
) -> None:
    """Shows a contract as a card in plain Dutch, to lay beside the signed one."""
    import difflib

    from settlement.rules.reader import read_rulebook
    from settlement.statements.card import contract_card

    rulebook, problems = read_rulebook(rules)
    held = rulebook.contracts.get(contract)
    if held is None:
        own = [problem for problem in problems if problem.contract == contract]
        _show_problems(own)
        if own:
            raise typer.Exit(RULE_PROBLEM)
        near = difflib.get_close_matches(contract, list(rulebook.contracts), n=1)
        known = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(rulebook.contracts)}"
        raise typer.BadParameter(f"There is no contract {contract} in {rules}. {known}")
    card = contract_card(held, rulebook.providers[held.provider], "en" if english else "nl")
    _print_json({"contract": contract, "card": card}) if as_json else _say(card)


# ---- test ------------------------------------------------------------------------------------------------


@app.command("test")
def run_tests(
    folder: Annotated[Path, typer.Argument(help="Folder with rule files and their cases.")] = _RULES,
    as_json: Json = False,
) -> None:
    """Runs the managers' cases: each through the same code as the monthly run."""
    from settlement.decisions.engine import Engine
    from settlement.rules.cases import read_cases
    from settlement.rules.reader import read_rulebook
    from settlement.run.cases import run_case

    rulebook, problems = read_rulebook(folder)
    cases, case_problems = read_cases(folder, rulebook)
    problems = [*problems, *case_problems]
    with Engine() as engine:
        outcomes = [run_case(case, rulebook, engine) for case in cases]
    failed = [one for one in outcomes if not one.holds]
    code = RULE_PROBLEM if problems else FAULT if failed else GOOD
    if as_json:
        _print_json(
            {
                "cases": [
                    {
                        "contract": one.case.contract, "name": one.case.name, "place": str(one.case.place), "holds": one.holds,
                        "misses": [{"what": m.what, "expected": m.expected, "came": m.came} for m in one.misses],
                        "trace": one.trace,
                    }
                    for one in outcomes
                ],
                "problems": [_problem_json(one) for one in problems],
                "exit_code": code,
            }
        )  # fmt: skip
        raise typer.Exit(code)
    _show_problems(problems)
    for one in outcomes:
        _say(f"{'holds' if one.holds else 'FAILS'}  {one.case.contract}  {one.case.name}")
        if not one.holds:
            _say(f"       {one.case.place}")
            for miss in one.misses:
                _say(f"       {miss.what}: expected {miss.expected}, came out {miss.came}")
            _say("       the terms that bit, in order:")
            for told in one.trace:
                _say(f"         {told}")
    if not cases and not problems:
        _say(f"There are no cases in {folder}. A case stands in a file beside its contract: de-linde.cases.yaml")
    _say(f"\n{len(cases) - len(failed)} of {len(cases)} cases hold." + (f" {len(problems)} problems in the files." if problems else ""))
    raise typer.Exit(code)


# ---- ledger ----------------------------------------------------------------------------------------------


@app.command()
def ledger(
    outputs: Outputs = _OUTPUTS,
    verify: Annotated[bool, typer.Option("--verify", help="Check the whole chain of records.")] = False,
    contract: Annotated[str | None, typer.Option(help="What was settled for this contract, by year, service, term and month.")] = None,
    as_json: Json = False,
) -> None:
    """Shows what was settled, and whether the chain of records is whole."""
    from settlement.domain.periods import Month
    from settlement.run.month import Workspace, read_only_ledger

    with read_only_ledger(Workspace(_RULES, _INPUTS, outputs)) as book:
        if verify:
            findings = book.verify()
            if as_json:
                _print_json({"whole": not findings, "head": book.head(), "findings": [_problem_json(one) for one in findings]})
            else:
                _show_problems(findings)
                _say(f"The ledger is {'not whole' if findings else 'whole'}: {len(book.runs())} runs, last record {book.head()[:16]}…")
            raise typer.Exit(FAULT if findings else GOOD)
        if contract:
            settled = {key: cents for key, cents in sorted(book.settled().items()) if key[0] == contract}
            paid, balance = book.paid().get(contract, 0), book.balance().get(contract, 0)
            if as_json:
                rows = [{"year": y, "service": s or None, "term": t, "month": str(Month.from_index(m)), "cents": c} for (_, y, s, t, m), c in settled.items()]
                _print_json({"contract": contract, "settled": rows, "paid_cents": paid, "open_cents": balance})
                return
            _table(
                ["year", "service", "term", "month", "settled"],
                [[str(y), s or "(contract)", t, str(Month.from_index(m)), _euro(c)] for (_, y, s, t, m), c in settled.items()], {4},
            )  # fmt: skip
            _say(f"\nSettled {_euro(sum(settled.values()))}, paid {_euro(paid)}, open {_euro(balance)}.")
            return
        runs = book.runs()
        if as_json:
            _print_json(
                [
                    {"run": r.name, "period": str(r.period), "approved_by": [a.person for a in r.approvals], "paid_cents": r.paid_cents,
                     "payments": r.payments, "rules_digest": r.rules_digest, "inputs_digest": r.inputs_digest}
                    for r in runs
                ]
            )  # fmt: skip
            return
        if not runs:
            _say(f"Nothing is final yet in {outputs}.")
            return
        _table(
            ["run", "month", "approved by", "on", "payments", "paid"],
            [
                [r.name, str(r.period), ", ".join(a.person for a in r.approvals), f"{r.approvals[-1].at:%Y-%m-%d %H:%M}", str(r.payments), _euro(r.paid_cents)]
                for r in runs
            ],
            {4, 5},
        )  # fmt: skip


# ---- schedule --------------------------------------------------------------------------------------------


@app.command()
def schedule(
    rules: Rules = _RULES,
    inputs: Inputs = _INPUTS,
    outputs: Outputs = _OUTPUTS,
    once: Annotated[bool, typer.Option("--once", help="Settle what is due now, and stop.")] = False,
) -> None:
    """Runs the month by itself: a service that settles each month as a draft when it comes due."""
    from settlement.run.service import serve_months

    def log(text: str) -> None:
        _say(f"{_now():%Y-%m-%d %H:%M:%S}  {text}")
        sys.stdout.flush()

    serve_months(_workspace(rules, inputs, outputs), log, _now, once=once)


def main() -> None:
    """The program: no traceback for what a person can mend."""
    from settlement.run.blocked import Blocked

    try:
        app()
    except Blocked as blocked:
        _tell(str(blocked))
        sys.exit(WRONG_USE)
    except KeyboardInterrupt:
        _tell("Stopped. Nothing was recorded.")
        sys.exit(FAULT)
    except Exception as error:  # noqa: BLE001 - the last place where a fault can be told in words
        sys.exit(_unexpected(error))


def _unexpected(error: Exception) -> int:
    """Tells a fault that no file of the user's explains: what it is, without a traceback."""
    name = type(error).__name__
    if name == "GateDisagrees":
        _tell(f"{error}\nNothing was paid and nothing was written. This is a fault of the program or the machine: report it.")
        return HELD
    if name == "OutOfBalance":
        _tell(f"The run does not balance: {error}\nNothing was written. This is a fault of the program: report it.")
        return FAULT
    import os
    import traceback

    if os.environ.get("SETTLEMENT_TRACEBACK"):
        traceback.print_exception(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    # The text of an unexpected fault may hold what was delivered: its kind and place are told, and no client.
    _tell(f"An unexpected fault ({name}{place}). Nothing was recorded. Set SETTLEMENT_TRACEBACK=1 to see where it happened.")
    return FAULT


if __name__ == "__main__":
    main()
