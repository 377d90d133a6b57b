"""Stores as earlier versions wrote them, from the statements that those versions ran."""

import sqlite3

# What commit 6fad99e ran, read from a database that it made.
VERSION_1 = """
CREATE TABLE records (
	record_sha256 VARCHAR(64) NOT NULL,
	run_sha256 VARCHAR(64) NOT NULL,
	supersedes VARCHAR(64) NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (record_sha256),
	UNIQUE (run_sha256, supersedes)
);
CREATE INDEX ix_records_run_sha256 ON records (run_sha256);
CREATE TABLE attachments (
	sha256 VARCHAR(64) NOT NULL,
	body BLOB NOT NULL,
	PRIMARY KEY (sha256)
);
CREATE TRIGGER records_no_update BEFORE update ON records
BEGIN SELECT RAISE(ABORT, 'innerscore: records are never changed'); END;
CREATE TRIGGER records_no_delete BEFORE delete ON records
BEGIN SELECT RAISE(ABORT, 'innerscore: records are never changed'); END;
CREATE TRIGGER attachments_no_update BEFORE update ON attachments
BEGIN SELECT RAISE(ABORT, 'innerscore: attachments are never changed'); END;
CREATE TRIGGER attachments_no_delete BEFORE delete ON attachments
BEGIN SELECT RAISE(ABORT, 'innerscore: attachments are never changed'); END;
"""


def make_version_1(path, entries):
    """An SQLite store as the first version left it, with these entries of schema version 1."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(VERSION_1)
    for entry in entries:
        record = entry.record
        row = record.record_sha256, record.run_sha256, record.supersedes or "", record.to_json()
        connection.execute("INSERT INTO records VALUES (?, ?, ?, ?)", row)
        for name, body in entry.files.items():
            connection.execute("INSERT OR IGNORE INTO attachments VALUES (?, ?)", (record.files[name], body))
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"
