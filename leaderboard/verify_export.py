"""Looking for anything in an export that is not as it was written, down to one changed byte."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..core.errors import InnerscoreError, InvalidDataError
from ..core.hashing import sha256_of_file
from .checksums import files_below, read_sums
from .export import STORE_FILE
from .opening import opened_unchanged, store_url
from .reading_exports import export_entries
from .verify import Finding, Verification, verify_store

__all__ = ["verify_export"]


def verify_export(folder: Path) -> Verification:
    """Check all of an export: every file against the list, every record, and the store among them."""
    try:
        sums = read_sums(folder)
    except InvalidDataError as error:
        return Verification(0, 0, (Finding(error.subject, str(error.got)),))
    findings = list(_of_files(folder, sums))
    hashes, found = _of_records(folder)
    findings += found
    if not findings:
        findings += _of_store(folder, hashes)
    return Verification(len(hashes), len(sums), tuple(findings))


def _of_files(folder: Path, sums: dict[str, str]) -> Iterator[Finding]:
    there = set(files_below(folder))
    for name in sorted(there - sums.keys()):
        yield Finding(name, "not on the list")
    for name, sha256 in sums.items():
        if name not in there:
            yield Finding(name, "missing")
        elif (found := sha256_of_file(folder / name)) != sha256:
            yield Finding(name, f"SHA-256 {found}, the list says {sha256}")


def _of_records(folder: Path) -> tuple[list[str], list[Finding]]:
    """Hashes of the readable records, up to the first that is not."""
    hashes: list[str] = []
    try:
        hashes += (entry.record.record_sha256 for entry in export_entries(folder))
    except InnerscoreError as error:
        return hashes, [Finding(error.subject, str(error.got))]
    return hashes, []


def _of_store(folder: Path, hashes: list[str]) -> Iterator[Finding]:
    """The store in the export is whole and holds the same records in the same order."""
    try:
        with opened_unchanged(store_url(str(folder / STORE_FILE))) as store:
            yield from verify_store(store).findings
            if [row["record_sha256"] for row in store.raw_records()] != hashes:
                yield Finding(STORE_FILE, "holds other records than the files")
    except InnerscoreError as error:
        yield Finding(STORE_FILE, str(error.got))
