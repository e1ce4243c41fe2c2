"""What finance reads of a file that is refused or needs a person: one message and one help for each code."""

from __future__ import annotations

from collections.abc import Mapping

FILE_FAULTS: Mapping[str, tuple[str, str]] = {
    # the file itself
    "cannot-open": ("the file can't be opened", "Check that you may read it, and that no other program holds it."),
    "still-being-copied": ("the file changed while it was read", "Wait until it has been copied whole, and run again."),
    "link": ("this is a link, not a file", "Put the file itself there."),
    "not-a-file": ("this is not an ordinary file", "Remove it."),
    "folder-as-file": ("this is a folder under the name of a file", "Put the file itself there, or give the folder a name without an extension."),
    "too-deep": ("the folders lie too deep in each other", "Put the file in a folder of its month, at most ten folders deep."),
    "empty-file": ("the file is empty", "Ask the provider to send it again."),
    "file-too-large": ("the file is larger than a month of lines can be (at most {expected})", "Ask the provider for a file with lines only, without pictures."),
    "took-too-long": ("reading the file took too long and was stopped", "Ask the provider to save it anew as .xlsx, with the lines only."),
    "too-much-memory": ("reading the file needed too much memory and was stopped", "Ask the provider to save it anew as .xlsx, with the lines only."),
    "reading-failed": ("the file can't be read", "Ask the provider to save it anew as .xlsx and send it again."),
    "damaged-file": ("the file is damaged", "Ask the provider to send it again; it may have been cut off or changed on its way."),
    "unsafe-file": ("the file is made in a way that a workbook never is ({found})", "Don't open it. Ask the provider whether it was sent, and to save it anew as .xlsx."),
    "too-large-unpacked": ("the workbook is larger than a month of lines can be (at most {expected} unpacked)", "Ask the provider for a workbook with the lines only."),
    "too-many-rows": ("the table has more rows than a sheet can hold ({expected})", "Ask the provider for the lines of one month."),
    "too-many-merged-cells": ("sheet '{sheet}' has more merged cells than can be read ({expected})", "Ask the provider to unmerge the cells of the table."),
    "cells-out-of-order": ("sheet '{sheet}' holds a cell twice or out of order ({cell})", "Ask the provider to open it in Excel and save it anew as .xlsx."),
    "password-protected": ("the workbook is protected with a password", "Ask the provider to save it without a password."),
    "old-format": ("the workbook is in the old format of Excel (.xls), which can't be read for certain", "Ask the provider to open it in Excel and save it as {expected} (Excel Workbook)."),
    "binary-format": ("the workbook is in the binary format of Excel (.xlsb), which is not read", "Ask the provider to open it in Excel and save it as {expected} (Excel Workbook)."),
    "not-a-workbook": ("the file is not a workbook, whatever its name says", "Ask the provider to open it in Excel and save it as .xlsx (Excel Workbook)."),
    "wrong-extension": ("the file is a workbook of another kind than its name says ({found})", "Rename it so that it ends in {expected}, or ask the provider to do so."),
    "nul-bytes": ("the file holds NUL bytes, which no text has", "Ask the provider to save it anew as CSV (UTF-8)."),
    "unknown-encoding": ("the letters of the file can't be told for certain", "Ask the provider to save it as CSV (UTF-8)."),
    "unknown-separator": ("the cells of the file are separated by {found}, which is not read", "Ask the provider to save it as CSV with a semicolon (;) between the cells, or as .xlsx. A comma, a tab and a bar (|) are read too."),
    "csv-quotes": ("the quotes of line {cell} don't close as they should", "Ask the provider to save it anew as CSV, or to send it as .xlsx."),
    # a message
    "no-client-key": ("the message can't be read: there is no key to keep its citizen service numbers unknown ({found})", "Make one, once: settlement key --make client.key. Keep it outside rules, inputs and outputs, name it in organisation.yaml as client_key, and run again."),
    "message-encoding": ("the letters of the message can't be told for certain (expected {expected})", "Ask the provider to send it again as {expected}."),
    "message-damaged": ("the message is damaged at line {cell}: it is no XML", "Ask the provider to send it again; it may have been cut off or changed on its way."),
    "message-unsafe": ("the message is made in a way that a JW323 never is ({found} at line {cell})", "Don't open it. Ask the provider whether it was sent."),
    "not-a-claim": ("the file is not a JW323 message of iJw 3.2", "Claims come as JW323; other messages belong elsewhere. Remove it from the folder."),
    "message-structure": ("the message is not built as a JW323: {found} at line {cell} (expected: {expected})", "It is not answered (control level 1). Ask the provider's software supplier to have it checked, and to send it again."),
    "message-without-contract": ("no contract takes messages from AGB code {found} to municipality {expected}", "Check the AGB code in providers.yaml, and name the municipality under 'deliveries' of its contract, as messages_to."),
    "message-of-two-contracts": ("product {expected} may be of more than one contract: {found}", "Give the product code to one of them only, or contracts on other days or for other municipalities."),
    "message-of-unread-contract": ("line {found} of the message is of no contract that could be read, and there are rule files with problems", "Correct the rule files first (settlement check), and run again."),
    # the table
    "no-table": ("the file has no row of headings that can be recognised", "The table needs headings such as Cliëntnummer, Begindatum, Einddatum and Volume."),
    "two-columns-one-field": ("two columns mean the same: {found}", "Ask the provider to rename one of them, or give the right one as a heading of the contract's own."),
    "two-tables": ("a second table, or a second row of headings, begins in row {found}", "Ask the provider to put each table in a file of its own, or all lines in one table, under one row of headings."),
    "service-number-column": ("column '{found}' holds citizen service numbers (BSN), which may not be delivered", "Delete the file, and ask the provider to send its own client numbers instead."),
    "control-total-differs": ("the total in cell {cell} is {found}, the lines above it add up to {expected}", "The lines are read as they stand. Ask the provider whether lines are missing."),
    "second-table": ("sheet '{found}' holds lines as well; only the first sheet with a table is read", "Ask the provider to put all lines on one sheet."),
    # the contract
    "no-contract": ("the file belongs to no contract", "Put the contract number in a cell beside Contractnummer above the table, or begin the file name with it."),
    "other-month": ("the file says that it is the delivery of {found}, and lies in the folder of {expected}", "Move it to the folder of {found}: it replaces what was delivered for that month. Or, when its lines are of {expected}, correct the month that it says (Leveringsmaand above the table, or its name), or take the month out of it."),
    "unknown-contract": ("contract '{found}' is not in the rule files", "Correct the contract number above the table, or add the contract's rule file."),
}  # fmt: skip
"""By code: message and help, with what the refusal says filled in."""
