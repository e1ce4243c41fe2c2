"""The rule files of a folder, read: one Rulebook and every problem of every file at once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from settlement.domain.contract import Contract, Organisation, Rulebook
from settlement.domain.problems import Place, Problem
from settlement.rules import tree
from settlement.rules.checks import check_contract
from settlement.rules.contracts import Draft, read_contract
from settlement.rules.grammar import did_you_mean, quote
from settlement.rules.holds import EXAMPLE, Holds, read_holds
from settlement.rules.masters import NO_ORGANISATION, Providers, read_organisation, read_providers
from settlement.rules.messages import check_messages
from settlement.rules.page import Page

_ENDINGS = (".yaml", ".yml")
_MASTERS = ("organisation", "providers", "holds")
_EMPTY_ORGANISATION = "Write the name, address and IBAN of the municipality in it. Begin with: name: Regio Voorbeeld"
_EMPTY_PROVIDERS = "Write each provider in it, below the key that contracts name. Begin with that key: de-linde:"


def as_typed(folder: Path, path: str) -> str:
    """A file as the user would type it: the folder as given and the path in it, with forward slashes."""
    shown = folder.as_posix()
    return path if shown == "." else f"{shown.rstrip('/')}/{path}"


def rule_paths(folder: Path) -> list[str]:
    """The YAML files in a folder, at any depth, as paths relative to it with forward slashes, in order of path.

    Hidden files and folders (a dot before the name) are left alone, and links to folders are not followed.
    """
    found = []
    for here, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            if name.lower().endswith(_ENDINGS) and not name.startswith("."):
                found.append((Path(here) / name).relative_to(folder).as_posix())
    return sorted(found)


def is_cases(path: str) -> bool:
    """Whether a file holds cases (``de-linde.cases.yaml``) rather than a contract."""
    return path.lower().endswith(tuple(f".cases{ending}" for ending in _ENDINGS))


def open_page(
    folder: Path, path: str, shown: Path, when_empty: str | None = tree.AN_EMPTY_CONTRACT
) -> tuple[Page, tree.Node | None]:
    """A file with its tree; ``None``, and a problem on the page, when there is no tree to be had.

    ``shown`` is the folder as messages name it: another than ``folder`` where a copy is read. ``when_empty`` is as of
    ``tree.compose``.
    """
    page = Page(as_typed(shown, path))
    try:
        with (folder / path).open("rb") as file:
            data = file.read(tree.MAXIMUM_BYTES + 1)
    except OSError as error:
        page.problem(
            "cannot-read",
            Place(page.file),
            f"the file cannot be read: {error.strerror or 'unknown reason'}",
            "Is it open in another program, or may you not read it?",
        )
        return page, None
    text = tree.read_text(page, data)
    return page, tree.compose(page, text, when_empty) if text is not None else None


def open_mapping(
    folder: Path, path: str, example: str, shown: Path, when_empty: str | None = tree.AN_EMPTY_CONTRACT
) -> tuple[Page, tree.Mapping | None]:
    """A file that holds keys; ``None``, and a problem on the page, when it does not."""
    page, node = open_page(folder, path, shown, when_empty)
    if node is None or isinstance(node, tree.Mapping):
        return page, node
    page.problem(
        "not-keys",
        node.place,
        "the file does not hold keys with values",
        f"Write a key, a colon and a value on each line: {example}",
    )
    return page, None


# ---- the rulebook ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Reading:
    """What has been read so far."""

    folder: Path
    shown: Path
    """The folder as messages name it."""
    problems: list[Problem] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)

    def close(self, page: Page, path: str, contract: str | None = None) -> None:
        """Takes over the problems and the digest of a page."""
        self.problems += [replace(problem, contract=contract) for problem in page.problems]
        if page.digest:
            self.digests[path] = page.digest


def read_rulebook(folder: Path, shown: Path | None = None) -> tuple[Rulebook, list[Problem]]:
    """All rule files of a folder, and what somebody must correct in them, in order of place.

    ``shown`` is the folder as messages and places name it, when ``folder`` is a copy of it.

    A contract with a problem is not in the rulebook; the others are. Where organisation.yaml or holds.yaml has a problem, or
    providers.yaml as a whole, ``contracts`` is empty: nothing may be settled with half of either.
    Never raises for what a file holds.
    """
    shown = folder if shown is None else shown
    reading = _Reading(folder, shown)
    if not folder.is_dir():
        place = Place(shown.as_posix())
        problem = Problem(
            "no-folder", place, "there is no such folder", "Give the folder that holds organisation.yaml: --rules rules"
        )
        return Rulebook(NO_ORGANISATION, {}, {}, {}), [problem]
    paths = rule_paths(folder)
    organisation = _read_organisation(reading, paths)
    providers = _read_providers(reading, paths)
    roles = list(organisation.alerts_to) if organisation is not None else []
    drafts: list[tuple[str, Page, Draft | None]] = []
    for path in paths:
        stem = path.rpartition(".")[0]
        if is_cases(path) or stem in _MASTERS:
            continue
        page, root = open_mapping(folder, path, "contract: UTR-AJ-2018-07", shown)
        draft = None
        if stem.rpartition("/")[2] in _MASTERS:
            _say_not_at_top(page, stem)
        elif root is not None:
            draft = read_contract(page, root)
            check_contract(draft, roles)
            if providers is not None:
                _check_provider(draft, providers, shown)
            held = providers.whole.get(draft.keys.fields.get("provider", "")) if providers is not None else None
            check_messages(draft, held)
        drafts.append((path, page, draft))
    _check_numbers([draft for _, _, draft in drafts if draft is not None])
    for path, page, draft in drafts:
        reading.close(page, path, draft.number if draft is not None else _number_on(page))
    stopped = {problem.contract for problem in reading.problems}
    contracts = {
        draft.number: draft.finish()
        for _, page, draft in drafts
        if draft is not None and draft.number is not None and not page.problems and draft.number not in stopped
    }
    settles = organisation is not None and providers is not None
    known = frozenset(draft.number for _, _, draft in drafts if draft and draft.number)
    holds = _read_holds(reading, paths, contracts, known)
    if holds is None:
        contracts = {}
    contracts = dict(sorted(contracts.items())) if settles else {}
    rulebook = Rulebook(
        organisation or NO_ORGANISATION,
        providers.whole if providers is not None else {},
        contracts,
        dict(sorted(reading.digests.items())),
        stopped=tuple(sorted(known - contracts.keys())),
        payment_holds=holds.payments if holds is not None else (),
        ceiling_decisions=holds.ceilings if holds is not None else (),
    )
    return rulebook, sorted(reading.problems, key=lambda problem: problem.place)


def _master_path(reading: _Reading, paths: Sequence[str], stem: str, what: str) -> str | None:
    found = [path for path in paths if path in [stem + ending for ending in _ENDINGS]]
    if found:
        return found[0]
    place = Place(as_typed(reading.shown, f"{stem}.yaml"))
    reading.problems.append(
        Problem(
            f"no-{stem}", place, f"the rules folder holds no {stem}.yaml", f"Write it at the top of the folder: {what}"
        )
    )
    return None


def _read_organisation(reading: _Reading, paths: Sequence[str]) -> Organisation | None:
    path = _master_path(reading, paths, "organisation", "the name, address and IBAN of the municipality.")
    if path is None:
        return None
    page, root = open_mapping(reading.folder, path, "name: Regio Voorbeeld", reading.shown, _EMPTY_ORGANISATION)
    organisation = read_organisation(page, root, reading.folder) if root is not None else None
    reading.close(page, path)
    return organisation


def _read_providers(reading: _Reading, paths: Sequence[str]) -> Providers | None:
    path = _master_path(reading, paths, "providers", "each provider once, by the key that contracts name.")
    if path is None:
        return None
    page, root = open_mapping(reading.folder, path, "de-linde:", reading.shown, _EMPTY_PROVIDERS)
    providers = read_providers(page, root) if root is not None else None
    reading.close(page, path)
    return providers


def _read_holds(
    reading: _Reading, paths: Sequence[str], contracts: Mapping[str, Contract], known: frozenset[str]
) -> Holds | None:
    """What holds.yaml says; ``None`` when it has a problem: what a person keeps back must not be paid by a slip of the pen."""
    path = next((path for path in paths if path in [f"holds{ending}" for ending in _ENDINGS]), None)
    if path is None:
        return Holds()
    # A file without a key says that nobody keeps anything back, as no file does: releasing by hand may leave it so.
    page, root = open_mapping(reading.folder, path, EXAMPLE, reading.shown, when_empty=None)
    holds = read_holds(page, root, contracts, known) if root is not None else None
    whole = not page.problems
    reading.close(page, path)
    return holds if whole else None


def read_organisation_alone(folder: Path) -> tuple[Organisation | None, list[Problem]]:
    """organisation.yaml without the rest of the folder, and its problems; neither where there is no such file."""
    paths = [path for path in (f"organisation{ending}" for ending in _ENDINGS) if (folder / path).is_file()]
    if not paths:
        return None, []
    reading = _Reading(folder, folder)
    organisation = _read_organisation(reading, paths)
    return organisation, reading.problems


def _number_on(page: Page) -> str | None:
    """The number that a file without a tree gives on a line of its own; ``None`` when there is no such line."""
    found = (re.fullmatch(r"contract: *([A-Z0-9-]{1,24})", line.partition(" #")[0].rstrip()) for line in page.lines)
    return next((match[1] for match in found if match is not None), None)


def _say_not_at_top(page: Page, stem: str) -> None:
    page.problems.clear()
    name = stem.rpartition("/")[2]
    page.problem(
        "not-at-top",
        Place(page.file),
        f"{name}.yaml stands in a folder within the rules folder",
        "It belongs at the top of the rules folder, once. A contract's file needs another name.",
    )


# ---- what only all files together show -------------------------------------------------------------------


def _check_provider(draft: Draft, providers: Providers, folder: Path) -> None:
    key = draft.keys.fields.get("provider")
    if key is None or key in providers.whole:
        return
    place = draft.keys.place_of("provider")
    if key in providers.places:
        at = providers.places[key]
        draft.keys.problem(
            "provider-with-problems",
            place,
            f"provider {quote(key)} has problems of its own, on line {at.line} of providers.yaml",
            "Correct them there; then this contract is settled.",
        )
        return
    draft.keys.problem(
        "unknown-provider",
        place,
        f"{quote(key)} is not a provider of {as_typed(folder, 'providers.yaml')}",
        did_you_mean(key, list(providers.places), "Add it there, with its name and IBAN, or correct the key."),
    )


def _check_numbers(drafts: Sequence[Draft]) -> None:
    """A number that two files use is a problem of both."""
    by_number: dict[str, list[Draft]] = {}
    for draft in drafts:
        if draft.number is not None:
            by_number.setdefault(draft.number, []).append(draft)
    for number, same in by_number.items():
        for draft in same if len(same) > 1 else ():
            others = [
                str(Place(other.page.file, other.keys.place_of("contract").line))
                for other in same
                if other is not draft
            ]
            draft.keys.problem(
                "contract-twice",
                draft.keys.place_of("contract"),
                f"contract {number} stands also in {', '.join(others)}",
                "Each file holds one contract with a number of its own: change one of the numbers, or delete a file.",
            )
