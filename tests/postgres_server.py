"""A real PostgreSQL server for tests, from Debian's package: a free port, a folder of its own, gone afterwards."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server
from uuid import uuid4

import psycopg

PROGRAMS = Path("/usr/lib/postgresql")
UNPRIVILEGED = "nobody"
"""The server refuses to run as root: it runs as this user then."""
_FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "50"}


class PostgresServer:
    """A server that runs. Every database of it is empty and belongs to who asked for it."""

    def __init__(self, port: int) -> None:
        self._address = f"postgres@127.0.0.1:{port}"

    @contextmanager
    def new_database(self) -> Iterator[str]:
        """The URL of an empty database, dropped afterwards, whoever is still connected."""
        name = f"test_{uuid4().hex}"
        with psycopg.connect(f"postgresql://{self._address}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
            try:
                yield f"postgresql+psycopg://{self._address}/{name}"
            finally:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def installed() -> Path | None:
    """The folder with the programs of the newest server that is installed; None: the package is missing."""
    found = [file.parent for file in PROGRAMS.glob("*/bin/initdb")]
    return max(found, key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0), default=None)


@contextmanager
def running_server(programs: Path) -> Iterator[PostgresServer]:
    """Start a server with the programs of a folder; it has ended when this returns."""
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        with create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]

        def run(program: str, *arguments: str) -> None:
            log = folder.with_suffix(".log")
            with log.open("ab") as output:
                done = subprocess.run(
                    [str(programs / program), "-D", str(folder / "data"), *arguments],
                    user=user,
                    cwd=folder,
                    env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                    stdout=output,
                    stderr=output,
                )
            assert done.returncode == 0, log.read_text(encoding="utf-8")

        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = [f"-c {name}={value}" for name, value in _FAST.items()]
        options += ["-c listen_addresses=127.0.0.1", f"-p {port}", f"-k {folder}"]
        run("pg_ctl", "start", "-w", "-o", " ".join(options))
        try:
            yield PostgresServer(port)
        finally:
            run("pg_ctl", "stop", "-w", "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".log").unlink(missing_ok=True)
