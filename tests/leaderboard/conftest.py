import os
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa
from missing_parts import skip_or_fail

from innerscore.leaderboard.store import Store


@pytest.fixture(scope="session")
def postgres_server():
    """Debian's PostgreSQL on a folder and a socket of its own; without it tests are skipped, under CI they fail."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        skip_or_fail("no PostgreSQL here: install Debian's package postgresql")
    folder = Path(tempfile.mkdtemp(prefix="innerscore-postgres-"))
    # PostgreSQL refuses to run as root.
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")
    data, options = folder / "data", f"-c listen_addresses='' -c fsync=off -k {folder}"

    def call(program, *arguments):
        command = [*as_user, programs[-1] / program, "-D", data, *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)

    call("initdb", "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
    call("pg_ctl", "start", "-w", "-o", options, "-l", folder / "log")
    yield f"postgresql://postgres@/{{database}}?host={folder}"
    call("pg_ctl", "stop", "-m", "immediate")
    shutil.rmtree(folder)


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite:///{tmp_path / 'deep' / 'board.sqlite'}"


@pytest.fixture
def postgres_url(postgres_server):
    """A database of the test's own."""
    name = f"t{uuid.uuid4().hex}"
    engine = sa.create_engine(
        postgres_server.format(database="postgres").replace("postgresql:", "postgresql+psycopg:"),
        isolation_level="AUTOCOMMIT",
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} STRATEGY file_copy")
    engine.dispose()
    return postgres_server.format(database=name)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request):
    """Each test with it runs on both databases."""
    return request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")


@pytest.fixture
def store(url):
    opened = Store(url)
    yield opened
    opened.close()
