"""``settlement key``: the key that keeps the children in JW323 messages unknown."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Annotated

import typer

from settlement.cli.talk import (
    INPUTS,
    OUTPUTS,
    RULE_PROBLEM,
    RULES,
    Inputs,
    Json,
    Outputs,
    Rules,
    app,
    print_json,
    say,
    tell,
    workspace_of,
)


@app.command()
def key(
    rules: Rules = RULES,
    inputs: Inputs = INPUTS,
    outputs: Outputs = OUTPUTS,
    make: Annotated[Path | None, typer.Option("--make", help="Make a new key in this file; it must not exist yet.")] = None,
    as_json: Json = False,
) -> None:
    """Shows which key makes client numbers of citizen service numbers, or makes one; never the key itself."""
    from settlement.deliveries.mailbox import KEY_BYTES, fingerprint_of
    from settlement.rules.reader import read_rulebook
    from settlement.run.messages import KeyMissing, key_file, key_path, read_key

    workspace = workspace_of(rules, inputs, outputs)
    if make is not None:
        named = Path(os.path.relpath(make.resolve(), rules.resolve())).as_posix()
        try:
            key_path(workspace, named)
        except KeyMissing:
            raise typer.BadParameter(f"{make} lies in rules, inputs or outputs, of which copies are kept. Name a file outside them.") from None
        made = secrets.token_bytes(KEY_BYTES)
        try:
            descriptor = os.open(make, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise typer.BadParameter(f"{make} exists already, and a key is never overwritten. Name another file.") from None
        except OSError as error:
            raise typer.BadParameter(f"{make} cannot be made: {error.strerror or error}.") from None
        with os.fdopen(descriptor, "wb") as file:
            file.write(key_file(made))
        if as_json:
            print_json({"file": str(make), "fingerprint": fingerprint_of(made.hex()), "client_key": named})
            return
        say(f"{make} holds a new key, {fingerprint_of(made.hex())}. Keep a copy in a safe place, and write in {rules / 'organisation.yaml'}:")
        say(f"client_key: {named}")
        return
    rulebook, _ = read_rulebook(rules)
    named = rulebook.organisation.client_key
    try:
        fingerprint, missing = fingerprint_of(read_key(workspace, named)), ""
    except KeyMissing as why:
        fingerprint, missing = "", str(why)
    if as_json:
        print_json({"client_key": named, "fingerprint": fingerprint, "missing": missing})
    elif missing:
        if named:
            tell(f"The key cannot be used: {missing}.\nPut the safe copy of it back: a new key would give every child another client number.")
        else:
            tell(f"No key is in use: {missing}.\nMake one, once, with settlement key --make client.key; it says what to write there.")
    else:
        say(f"{named}: {fingerprint}")
    if missing:
        raise typer.Exit(RULE_PROBLEM)
