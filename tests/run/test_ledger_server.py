"""The ledger on a PostgreSQL server: the same records and laws as in a file, and what can go wrong with a server."""

from __future__ import annotations

import datetime as dt
import importlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import postgres_server
import pytest
from test_ledger import FEBRUARY, JANUARY, LINDE, MARCH, approved, payment, settle

import settlement
from settlement.run import ledger_file, ledger_laws, ledger_records
from settlement.run.blocked import Blocked
from settlement.run.ledger import Ledger, hold_ledger, postings_of
from settlement.run.ledger_records import LedgerDamaged, LedgerRefusal
from settlement.run.lock import Holder, WorkspaceBusy

psycopg = pytest.importorskip("psycopg")

NINE = dt.datetime(2018, 4, 9, 9, 0, 5, tzinfo=dt.UTC)
ME = Holder("avries", "werkplek7", 4711, "run --period 2018-03", NINE)


def test_a_machine_that_checks_what_is_handed_in_runs_these_tests(request: pytest.FixtureRequest) -> None:
    if not postgres_server.must_run():
        pytest.skip("only where CI=true, on Linux on x86-64 or aarch64")
    with psycopg.connect(request.getfixturevalue("server")) as connection:
        assert connection.info.server_version >= 140000


@pytest.fixture
def three_months(database: str) -> str:
    with Ledger.open(database) as ledger:
        for period in (JANUARY, FEBRUARY, MARCH):
            settle(ledger, period, 5_000_000)
    return database


def carry_out(url: str, *statements: str) -> None:
    """As the superuser, beside the ledger."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET search_path = settlement")
        for statement in statements:
            connection.execute(statement)


def found(url: str) -> list[str]:
    with Ledger.open(url, create=False) as ledger:
        return [problem.message for problem in ledger.verify()]


# ---- the same as in a file -------------------------------------------------------------------------------


def test_the_records_of_a_server_have_the_digests_of_a_file(three_months: str, tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as in_file:
        for period in (JANUARY, FEBRUARY, MARCH):
            settle(in_file, period, 5_000_000)
        with Ledger.open(three_months, create=False) as on_server:
            assert on_server.head() == in_file.head()
            assert on_server.runs() == in_file.runs()
            assert on_server.settled_frame_rows() == in_file.settled_frame_rows()
            for table in ledger_records.RECORDS:
                digests = f"SELECT position, digest FROM {table} ORDER BY position"
                assert list(on_server._home.rows(digests)) == list(in_file._home.rows(digests))


def test_text_is_ordered_by_its_bytes_on_a_server_as_in_a_file(database: str, tmp_path: Path) -> None:
    changes = {(2018, service, "tariff", JANUARY): 100 for service in ("Zorg", "aanpak", "élan", "Éen", "b b", "b-a")}
    answers = []
    for address in (database, tmp_path / "ledger.sqlite"):
        with Ledger.open(address) as ledger:
            ledger.record(approved(ledger, JANUARY), postings_of(LINDE, JANUARY, changes), [], {})
            answers.append(ledger.settled_frame_rows())
    assert answers[0] == answers[1]


def test_a_file_and_a_server_are_of_one_version() -> None:
    assert len(ledger_file.MIGRATIONS) == len(ledger_laws.MIGRATIONS)


# ---- append-only -----------------------------------------------------------------------------------------


def test_the_server_itself_refuses_to_change_or_delete_a_record(three_months: str) -> None:
    with psycopg.connect(three_months, autocommit=True) as connection:
        connection.execute("SET search_path = settlement")
        for table, said in ledger_records.RECORDS.items():
            key = "number" if table == "run" else "position"
            columns = ", ".join((*said, "position", "digest"))
            last = f"SELECT {columns} FROM {table} ORDER BY position DESC LIMIT 1"
            for statement in (
                f"UPDATE {table} SET {said[-1]} = {said[-1]}",
                f"UPDATE {table} SET {said[-1]} = {said[-1]} WHERE false",
                f"DELETE FROM {table}",
                f"TRUNCATE {table} CASCADE",
                f"INSERT INTO {table} ({columns}) {last}",
                f"INSERT INTO {table} ({columns}) {last} ON CONFLICT ({key}) DO UPDATE SET position = 1",
            ):
                with pytest.raises(psycopg.IntegrityError, match="append-only"):
                    connection.execute(statement)
        for statement in (
            "UPDATE head SET digest = 'x'", "UPDATE head SET records = 0", "DELETE FROM head", "TRUNCATE head",
            "INSERT INTO head VALUES (1, 0, 'x')", "DELETE FROM migration", "UPDATE migration SET version = 0",
        ):  # fmt: skip
            with pytest.raises(psycopg.IntegrityError, match="append-only"):
                connection.execute(statement)
        run = ", ".join(ledger_records.RECORDS["run"])
        with pytest.raises(psycopg.IntegrityError, match="a run takes the next number"):
            connection.execute(
                f"INSERT INTO run ({run}, position, digest) "
                f"SELECT {run}, (SELECT records + 1 FROM head), digest FROM run WHERE number = 1"
            )
        for cents, account in ((0, "entitlement"), (1, "bank")):
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute(
                    "INSERT INTO posting SELECT run, contract, year, service, term, month, %s, %s, "
                    "(SELECT records + 1 FROM head), digest FROM posting LIMIT 1",
                    (account, cents),
                )
    assert found(three_months) == []


def test_a_ledger_that_was_opened_for_reading_records_nothing(three_months: str) -> None:
    with Ledger.open(three_months, create=False) as ledger:
        with pytest.raises(ValueError, match="opened for reading"):
            ledger.record(approved(ledger, MARCH), (), [], {})
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            ledger._home.rows("INSERT INTO holder VALUES (1, 1, '')")


# ---- tampering, by a superuser ---------------------------------------------------------------------------


def tamper(url: str, *statements: str) -> list[str]:
    """What verify finds after a superuser has put the triggers out of force, changed records, and put them back."""
    carry_out(url, "SET session_replication_role = replica", *statements)
    return found(url)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            "UPDATE posting SET cents = 5000001 WHERE run = 2 AND account = 'entitlement'",
            "the posting of UTR-AJ-2018-07 in run 2 (crisiszorg, budget, 2018-02), record 12 of the chain, is not what was recorded",
        ),
        ("UPDATE payment SET iban = 'NL20INGB0001234567' WHERE run = 1", "the payment of BS-2018-01-UTR-AJ-2018-07"),
        ("UPDATE approval SET person = 'Z' WHERE run = 3", "the approval by Z of run 3"),
        ("UPDATE file SET bytes = 1 WHERE path LIKE '2018-02/%json'", "the file 2018-02/run.json of run 2"),
        ("UPDATE run SET rules_digest = inputs_digest WHERE number = 2", "run R-2018-02-0002"),
        ("DELETE FROM payment WHERE run = 2", "records are missing from the chain"),
        ("DELETE FROM file WHERE run = 3", "the chain does not end where the ledger says"),
        ("UPDATE head SET records = records - 1", "the chain does not end where the ledger says"),
        (
            "INSERT INTO payment SELECT run, statement, contract, provider_name, creditor, iban, cents, reference, pay_by, 999, digest FROM payment WHERE run = 2",
            "records are missing from the chain, or there twice",
        ),
    ],
)
def test_what_a_superuser_changes_past_the_laws_is_found_and_named(three_months: str, change: str, named: str) -> None:
    said = tamper(three_months, change)
    assert named in said[0]
    with Ledger.open(three_months) as ledger, pytest.raises(LedgerDamaged) as damaged:
        ledger.record(approved(ledger, MARCH), (), [], {})
    assert "the last backup of the database" in damaged.value.help


def test_a_law_that_was_taken_away_or_put_out_of_force_is_found(database: str) -> None:
    for change, named in (
        ("ALTER TABLE posting DISABLE TRIGGER posting_is_not_changed", "the trigger 'posting_is_not_changed'"),
        ("ALTER TABLE posting ENABLE REPLICA TRIGGER posting_is_not_changed", "the trigger 'posting_is_not_changed'"),
        ("DROP TRIGGER payment_is_not_deleted ON payment", "the trigger 'payment_is_not_deleted'"),
        ("CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'", "the function 'refuse'"),
        ("ALTER TABLE posting DROP CONSTRAINT posting_cents_check", "the constraint 'posting_cents_check' is gone"),
    ):
        carry_out(database, "DROP SCHEMA IF EXISTS settlement CASCADE")
        Ledger.open(database).close()
        assert found(database) == []
        carry_out(database, change)
        (said,) = found(database)
        assert named in said


def test_a_ledger_without_a_table_or_a_version_is_damaged_and_not_new(database: str) -> None:
    Ledger.open(database).close()
    carry_out(database, "DROP TABLE payment")
    assert "the ledger is damaged" in found(database)[-1]
    carry_out(database, "SET session_replication_role = replica", "DELETE FROM migration")
    for create in (True, False):
        with pytest.raises(LedgerDamaged, match="no version any more"):
            Ledger.open(database, create=create)


# ---- versions --------------------------------------------------------------------------------------------


def test_a_migration_that_was_released_is_never_edited() -> None:
    import hashlib
    import json

    text = json.dumps(ledger_laws.MIGRATIONS[0])
    assert hashlib.sha256(text.encode()).hexdigest() == "31ea6063f22d73ee63c534dcbdab1cb0419d168027e482de40f5476ca14af036"


def test_a_ledger_of_an_earlier_version_is_brought_up_to_date_and_keeps_its_chain(
    three_months: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = (*ledger_laws.MIGRATIONS, ("ALTER TABLE posting ADD COLUMN reason TEXT",))
    monkeypatch.setattr(ledger_laws, "MIGRATIONS", later)
    monkeypatch.setitem(ledger_records.RECORDS, "posting", (*ledger_records.RECORDS["posting"], "reason"))  # type: ignore
    versions = "SELECT max(version) FROM settlement.migration"
    with Ledger.open(three_months, create=False) as ledger:
        assert ledger.verify() == []
        assert ledger.paid() == {LINDE: 15_000_000}
    with psycopg.connect(three_months) as connection:
        assert connection.execute(versions).fetchone() == (1,)
    with Ledger.open(three_months) as ledger:
        assert ledger.verify() == []
        assert list(ledger._home.rows("SELECT DISTINCT reason FROM posting")) == [(None,)]
    with psycopg.connect(three_months) as connection:
        assert connection.execute(versions).fetchone() == (2,)
    monkeypatch.undo()
    for create in (True, False):
        with pytest.raises(LedgerRefusal, match="written by a later version of settlement") as refusal:
            Ledger.open(three_months, create=create)
        assert "Install the version of settlement that was used last" in refusal.value.help


def test_a_ledger_that_several_make_at_once_is_made_once(database: str) -> None:
    heads: list[str] = []

    def make() -> None:
        with Ledger.open(database) as ledger:
            heads.append(ledger.head())

    makers = [threading.Thread(target=make) for _ in range(6)]
    for one in makers:
        one.start()
    for one in makers:
        one.join()
    assert heads == [ledger_records.GENESIS] * 6
    assert found(database) == []


# ---- a server that does not do what it should ------------------------------------------------------------


def refused(url: str) -> Blocked:
    with pytest.raises(Blocked) as blocked:
        Ledger.open(url)
    return blocked.value


def test_a_server_that_is_away_is_told_and_what_to_look_at(tmp_path: Path) -> None:
    url = f"postgresql://settlement@/settlement?host={tmp_path}"
    said = refused(url)
    assert said.message.startswith(f"{url} cannot be reached: ")
    assert "is the server up" in said.help
    assert refused("postgresql://settlement@127.0.0.1:9/settlement?connect_timeout=2").message.endswith(".")


def test_a_wrong_password_is_told_without_the_password(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = database.replace(f"{postgres_server.SUPERUSER}@", f"{postgres_server.GUARDED}@")
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("PGPASSFILE", os.devnull)
    assert "does not let this user in" in refused(url).message
    monkeypatch.setenv("PGPASSWORD", "het verkeerde")
    said = refused(url)
    assert "does not let this user in" in said.message
    assert "PGPASSWORD" in said.help
    assert "verkeerde" not in str(said)
    assert "verkeerde" not in repr(said.__cause__)
    monkeypatch.setenv("PGPASSWORD", "het juiste")
    assert "cannot be used by this user" in refused(url).message


def test_a_user_that_may_not_make_tables_is_told_and_what_the_owner_types(database: str) -> None:
    carry_out(database, "DROP ROLE IF EXISTS outsider", "CREATE ROLE outsider LOGIN")
    url = database.replace(f"{postgres_server.SUPERUSER}@", "outsider@")
    said = refused(url)
    assert "permission denied" in said.message
    assert "CREATE SCHEMA settlement AUTHORIZATION" in said.help
    carry_out(database, "CREATE SCHEMA settlement AUTHORIZATION outsider")
    with Ledger.open(url) as ledger:
        settle(ledger, JANUARY, 500)
        assert ledger.verify() == []
    carry_out(database, "DROP SCHEMA settlement CASCADE", "DROP ROLE outsider")


def test_a_wrong_name_of_database_or_user_is_told(server: str, database: str) -> None:
    assert 'is not there: ' in refused(server.replace("/postgres?", "/settelment?")).message
    assert "CREATE DATABASE" in refused(server.replace("/postgres?", "/settelment?")).help
    assert "does not know this user" in refused(database.replace(f"{postgres_server.SUPERUSER}@", "nobody@")).message


def test_tables_of_something_else_are_no_ledger(database: str) -> None:
    carry_out(database, "CREATE SCHEMA settlement", "CREATE TABLE settlement.klant (naam TEXT)")
    for create in (True, False):
        with pytest.raises(LedgerRefusal, match="not a ledger of settlement"):
            Ledger.open(database, create=create)


def test_a_database_that_cannot_hold_every_name_is_refused(server: str) -> None:
    with psycopg.connect(server, autocommit=True) as superuser:
        superuser.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 STRATEGY wal_log")
        try:
            assert "holds text as LATIN1, not UTF8" in refused(server.replace("/postgres?", "/latin?")).message
        finally:
            superuser.execute("DROP DATABASE latin")


def test_a_server_that_stops_halfway_records_nothing_and_says_so(three_months: str) -> None:
    with Ledger.open(three_months) as ledger:
        run = approved(ledger, MARCH)
        pid = ledger._home.connection.info.backend_pid
        with psycopg.connect(three_months, autocommit=True) as superuser:
            superuser.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with pytest.raises(Blocked, match="cannot be read or written") as blocked:
            ledger.record(run, (), [], {})
        assert not isinstance(blocked.value, LedgerDamaged)
    with Ledger.open(three_months, create=False) as ledger:
        assert len(ledger.runs()) == 3


def test_a_ledger_that_another_program_writes_to_is_said_to_be_in_use(three_months: str) -> None:
    with Ledger.open(three_months) as ledger, psycopg.connect(three_months) as other:
        other.execute("LOCK TABLE settlement.head")
        ledger._home.connection.execute("SET lock_timeout = '50ms'")
        with pytest.raises(Blocked, match="in use by another program"):
            settle(ledger, MARCH, 500)


def test_without_psycopg_a_ledger_on_a_server_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "settlement.run.ledger_server", raising=False)
    monkeypatch.delattr(settlement.run, "ledger_server", raising=False)
    said = refused("postgresql://settlement@db.example/settlement")
    assert "pip install 'settlement[postgresql]'" in said.help
    monkeypatch.undo()
    importlib.import_module("settlement.run.ledger_server")


def test_a_ledger_in_a_file_needs_no_psycopg(tmp_path: Path) -> None:
    script = "import sys; from pathlib import Path; from settlement.run.ledger import Ledger; Ledger.open(Path(sys.argv[1])).close(); assert 'psycopg' not in sys.modules"
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "ledger.sqlite")], env=ENVIRONMENT, check=True, timeout=120)


# ---- killed ----------------------------------------------------------------------------------------------

ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(settlement.__path__[0]).parent), str(Path(__file__).parent)])}

KILLED_WHILE_RECORDING = """
import os, signal, sys
from test_ledger import JANUARY, settle
from settlement.run.ledger import Ledger
from settlement.run.ledger_server import ServerHome
ledger = Ledger.open(sys.argv[1])
at, statements = int(sys.argv[2]), 0
def counted(real):
    def counting(*given):
        global statements
        statements += 1
        if statements == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given)
    return counting
class Counting:
    def __init__(self, connection): self.connection = connection
    def execute(self, *given): return counted(self.connection.execute)(*given)
    def cursor(self): return counted(self.connection.cursor)()
    def close(self): self.connection.close()
ledger._home.connection = Counting(ledger._home.connection)
settle(ledger, JANUARY, 500)
print(statements)
"""


def test_a_run_that_is_killed_while_it_is_recorded_is_recorded_whole_or_not_at_all(database: str) -> None:
    script = [sys.executable, "-c", KILLED_WHILE_RECORDING, database]
    whole = subprocess.run([*script, "0"], env=ENVIRONMENT, check=True, timeout=120, stdout=subprocess.PIPE, text=True)
    statements = int(whole.stdout)
    # Last come the five kinds of record, the commit, and two questions after it.
    for at, recorded in ((statements - 4, {}), (statements - 2, {}), (statements - 1, {LINDE: 500})):
        carry_out(database, "DROP SCHEMA settlement CASCADE")
        subprocess.run([*script, str(at)], env=ENVIRONMENT, check=False, timeout=120)
        with Ledger.open(database) as ledger:
            assert ledger.verify() == []
            assert ledger.paid() == recorded
            assert len(ledger.runs()) == len(recorded)
            if not ledger.runs():
                settle(ledger, JANUARY, 500)
            assert ledger.paid() == {LINDE: 500}


# ---- who holds it ----------------------------------------------------------------------------------------


def test_a_second_run_is_told_who_holds_the_ledger_since_when(database: str) -> None:
    with hold_ledger(database, ME) as left_by:
        assert left_by is None
        with pytest.raises(WorkspaceBusy) as busy, hold_ledger(database, ME):
            pass
        assert busy.value.holder == ME
        assert busy.value.message == f"{database} is in use by {ME}."
    with hold_ledger(database, ME) as left_by:
        assert left_by is None


HOLDING = """
import datetime as dt, sys, time
from settlement.run.ledger import hold_ledger
from settlement.run.lock import Holder
holder = Holder("bakker", "werkplek8", 1234, "approve --period 2018-03", dt.datetime(2018, 4, 9, 9, 0, 5, tzinfo=dt.UTC))
with hold_ledger(sys.argv[1], holder):
    print("held", flush=True)
    time.sleep(60)
"""


def free_again(url: str, seconds: float = 10) -> tuple[float, Holder | None]:
    """How long it takes until the ledger can be held, and who left it."""
    began = time.monotonic()
    while True:
        try:
            with hold_ledger(url, ME) as left_by:
                return time.monotonic() - began, left_by
        except WorkspaceBusy:
            if time.monotonic() - began > seconds:
                raise
            time.sleep(0.02)


@pytest.fixture
def holding(database: str) -> Callable[[], subprocess.Popen[str]]:
    def start() -> subprocess.Popen[str]:
        process = subprocess.Popen([sys.executable, "-c", HOLDING, database], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    return start


def test_a_holder_that_is_killed_frees_the_ledger_within_seconds_and_is_recognised(
    database: str, holding: Callable[[], subprocess.Popen[str]]
) -> None:
    process = holding()
    with pytest.raises(WorkspaceBusy, match=r"in use by bakker on werkplek8 \(process 1234, 'settlement approve"), hold_ledger(
        database, ME
    ):
        pass
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=10)
    seconds, left_by = free_again(database)
    assert seconds < 5
    assert left_by is not None
    assert left_by.user == "bakker"
    with hold_ledger(database, ME) as again:
        assert again is None


def test_a_child_that_outlives_a_killed_run_does_not_keep_the_ledger(database: str) -> None:
    script = HOLDING.replace('    print("held", flush=True)\n', "    import os\n    if os.fork(): os.kill(os.getpid(), 9)\n    print(os.getpid(), flush=True)\n")
    process = subprocess.Popen([sys.executable, "-c", script, database], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    try:
        assert free_again(database)[0] < 5
    finally:
        os.kill(child, signal.SIGKILL)
        process.communicate(timeout=10)


def test_a_note_of_a_killed_run_is_not_taken_for_the_holder_that_has_not_written_yet(
    database: str, holding: Callable[[], subprocess.Popen[str]]
) -> None:
    process = holding()
    try:
        carry_out(database, "UPDATE holder SET backend = 0")
        with pytest.raises(WorkspaceBusy, match="another run that has just started"), hold_ledger(database, ME):
            pass
    finally:
        process.kill()
        process.communicate(timeout=10)


def test_a_machine_that_vanishes_is_noticed_by_both_sides(database: str) -> None:
    """No machine vanishes here: what is pinned is that both sides ask after each other, and how often."""
    from settlement.run import ledger_server

    with Ledger.open(database) as ledger:
        connection = ledger._home.connection
        for name, expected in (("idle_session_timeout", "0"), ("synchronous_commit", "on"), ("statement_timeout", "0")):
            assert connection.execute(f"SHOW {name}").fetchone() == (expected,)
        parameters = connection.info.get_parameters()
    assert (parameters["keepalives_idle"], parameters["tcp_user_timeout"]) == ("10", "30000")
    assert ledger_server._OF_THE_SESSION["tcp_keepalives_idle"] == "10"
    # 10 s of silence and 3 questions of 5 s: freed within half a minute.
    assert 10 + 3 * 5 < 30


def test_what_is_paid_by_the_ledger_of_a_server_is_read_back(database: str) -> None:
    with Ledger.open(database) as ledger:
        settle(ledger, JANUARY, 2**40)
        assert ledger.payments(ledger.runs()[0]) == [payment(LINDE, JANUARY, 2**40)]
        assert ledger.paid() == {LINDE: 2**40}
