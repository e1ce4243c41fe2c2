"""The tables and laws of a ledger on a server, in PostgreSQL's words, and how the catalogue says that they are in force."""

from __future__ import annotations

from collections.abc import Iterator

from settlement.run.ledger_records import GENESIS, RECORDS, TABLES

SCHEMA = "settlement"


def _table(name: str) -> str:
    """A table in PostgreSQL's words; text is ordered by its bytes, as in a file."""
    columns = TABLES[name].replace("INTEGER", "BIGINT").replace("TEXT", 'TEXT COLLATE "C"')
    return f"CREATE TABLE {name} ({columns})"


FUNCTIONS = {
    # What the database refuses, saying the law that it breaks.
    "refuse": """BEGIN
    RAISE EXCEPTION 'append-only: %', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END""",
    "refuse_out_of_turn": """BEGIN
    IF NEW.position IS DISTINCT FROM (SELECT records + 1 FROM head) THEN
        RAISE EXCEPTION 'append-only: a % follows the last record', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END""",
    "refuse_another_number": """BEGIN
    IF NEW.number IS DISTINCT FROM (SELECT count(*) + 1 FROM run) THEN
        RAISE EXCEPTION 'append-only: a run takes the next number' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END""",
    "refuse_a_jump": """BEGIN
    IF NEW.id IS DISTINCT FROM OLD.id OR NEW.records IS DISTINCT FROM OLD.records + 1 THEN
        RAISE EXCEPTION 'append-only: the head moves by one record' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END""",
    "move_the_head": """BEGIN
    UPDATE head SET records = NEW.position, digest = NEW.digest;
    RETURN NULL;
END""",
}

_EACH_ROW, _BEFORE, _INSERT, _DELETE, _UPDATE, _TRUNCATE = 1, 2, 4, 8, 16, 32
"""How the catalogue writes down when a trigger fires."""

_Law = tuple[str, str, int, str, str]


def _append_only(table: str) -> tuple[_Law, ...]:
    return (
        (table, f"{table}_is_not_changed", _BEFORE | _UPDATE, "refuse", f"no {table} is ever changed"),
        (table, f"{table}_is_not_deleted", _BEFORE | _DELETE | _TRUNCATE, "refuse", f"no {table} is ever deleted"),
        (table, f"{table}_follows_the_last", _EACH_ROW | _BEFORE | _INSERT, "refuse_out_of_turn", ""),
        (table, f"{table}_is_the_head", _EACH_ROW | _INSERT, "move_the_head", ""),
    )


LAWS: tuple[_Law, ...] = (
    ("head", "head_moves_on", _EACH_ROW | _BEFORE | _UPDATE, "refuse_a_jump", ""),
    ("head", "head_is_not_deleted", _BEFORE | _DELETE | _TRUNCATE, "refuse", "the head is never deleted"),
    ("head", "head_is_one", _BEFORE | _INSERT, "refuse", "there is one head"),
    ("run", "run_takes_the_next_number", _EACH_ROW | _BEFORE | _INSERT, "refuse_another_number", ""),
    *(law for table in RECORDS for law in _append_only(table)),
    ("migration", "migration_is_not_changed", _BEFORE | _UPDATE, "refuse", "no migration is ever changed"),
    ("migration", "migration_is_not_deleted", _BEFORE | _DELETE | _TRUNCATE, "refuse", "no migration is ever deleted"),
)
"""The triggers of a ledger: table, name, when it fires, function, and the law that a refusal names."""


def _function(name: str) -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
        f"SET search_path = {SCHEMA}, pg_temp AS $${FUNCTIONS[name]}$$"
    )


def _trigger(law: _Law) -> str:
    table, name, when, function, says = law
    events = ((_INSERT, "INSERT"), (_DELETE, "DELETE"), (_UPDATE, "UPDATE"), (_TRUNCATE, "TRUNCATE"))
    event = " OR ".join(word for bit, word in events if when & bit)
    moment, each = "BEFORE" if when & _BEFORE else "AFTER", "ROW" if when & _EACH_ROW else "STATEMENT"
    argument = f"'{says}'" if says else ""
    return f"CREATE TRIGGER {name} {moment} {event} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}({argument})"


_VERSION_1: tuple[str, ...] = (
    "CREATE TABLE migration (version BIGINT PRIMARY KEY CHECK (version > 0))",
    # Who holds the workspace, for people; the lock itself is the server's.
    'CREATE TABLE holder (id BIGINT PRIMARY KEY CHECK (id = 1), backend BIGINT NOT NULL, note TEXT COLLATE "C" NOT NULL)',
    *(_table(name) for name in TABLES),
    f"INSERT INTO head (id, records, digest) VALUES (1, 0, '{GENESIS}')",  # noqa: S608 - no text from outside
    *(_function(name) for name in FUNCTIONS),
    *(_trigger(law) for law in LAWS),
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_VERSION_1,)
"""How a ledger comes from each version to the next: as in ledger_file.py, which has as many."""


# ---- the catalogue ---------------------------------------------------------------------------------------

LAWS_IN_FORCE = """
SELECT c.relname, t.tgname, t.tgtype, p.proname, rtrim(encode(t.tgargs, 'escape'), '\\000'), t.tgenabled::text
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ? AND NOT t.tgisinternal
"""
FUNCTIONS_IN_FORCE = """
SELECT p.proname, p.prosrc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ?
"""
CONSTRAINTS_IN_FORCE = """
SELECT k.conname FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
WHERE n.nspname = ? AND k.convalidated AND k.contype IN ('c', 'f', 'p')
"""


def constraints() -> Iterator[str]:
    """The names that the database gives to what the tables promise."""
    for table, columns in TABLES.items():
        for line in columns.strip().splitlines():
            column = line.split()[0]
            for promise, name in (
                ("PRIMARY KEY", f"{table}_pkey"), ("REFERENCES", f"{table}_{column}_fkey"),
                ("CHECK", f"{table}_{column}_check"),
            ):  # fmt: skip
                if promise in line:
                    yield name
