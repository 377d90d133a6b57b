"""Bundles: packed alike each time, and what strangers pack refused with the reason."""

import contextlib
import io
import pickle
import stat
import zipfile

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from innerscore.core.bundle_rules import BundleLimits
from innerscore.core.bundles import folder_sha256, pack_folder, read_bundle, unpack_bundle
from innerscore.core.errors import InnerscoreError, InvalidCardError, InvalidDataError, InvalidInputError

CARD = {
    "identifier": "packed",
    "title": "Packed",
    "description": "A candidate that a test packed.",
    "authors": ["tests"],
    "licence": "MIT",
    "citation": "@misc{tests}",
    "entry": "candidate.py:Model",
    "accepts": ["frames"],
    "layers": ["a"],
    "model_class": "example",
}
GOOD = {"candidate.yaml": yaml.safe_dump(CARD).encode(), "candidate.py": b"class Model: ...\n"}


def zipped(files, **settings):
    """A zip of (name or ZipInfo, bytes) in their order, duplicates and all."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", settings.get("method", zipfile.ZIP_DEFLATED)) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return body.getvalue()


def with_good(*more):
    return zipped([*GOOD.items(), *more])


def entry(name, mode):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def renamed(old, new):
    """A zip in which a name is exchanged in its bytes, as zipfile would not write it."""
    return with_good((old, b"x")).replace(old.encode(), new.encode())


def test_a_folder_and_its_zip_have_one_hash_and_packing_repeats(tmp_path):
    folder = tmp_path / "packed"
    for name, body in {
        **GOOD,
        "deep/part.py": b"x = 1\n",
        ".git/config": b"x",
        "__pycache__/a.pyc": b"x",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    data = pack_folder(folder)
    assert data == pack_folder(folder)
    bundle = read_bundle(data)
    assert sorted(bundle.files) == ["candidate.py", "candidate.yaml", "deep/part.py"]
    assert bundle.content_sha256 == folder_sha256(folder)
    unpack_bundle(bundle, tmp_path / "again")
    assert folder_sha256(tmp_path / "again") == bundle.content_sha256


def test_the_folder_itself_may_be_what_was_packed():
    inner = zipped([(f"packed/{name}", body) for name, body in GOOD.items()])
    assert read_bundle(inner).content_sha256 == read_bundle(with_good()).content_sha256


def test_a_folder_with_a_link_is_not_packed(tmp_path):
    for name, body in GOOD.items():
        (tmp_path / name).write_bytes(body)
    (tmp_path / "data").symlink_to("/etc/passwd")
    with pytest.raises(InvalidInputError, match="link"):
        pack_folder(tmp_path)


SMALL = BundleLimits(zip_bytes=2**17, content_bytes=2**23, files=20)
REFUSED = {
    "leads out": (with_good(("../x.py", b"")), "path"),
    "absolute": (with_good(("/etc/x", b"")), "path"),
    "drive": (with_good(("C:/x", b"")), "path"),
    "backslash": (with_good(("a\\..\\x", b"")), "path"),
    "control character": (with_good(("a\nb", b"")), "path"),
    "nul": (renamed("a_b.py", "a\0b.py"), "path"),
    "trailing dots": (with_good(("a/.../x", b"")), "path"),
    "deep": (with_good(("a/" * 9 + "x", b"")), "path"),
    "link": (with_good((entry("x", stat.S_IFLNK | 0o777), b"/etc/passwd")), "link"),
    "device": (with_good((entry("x", stat.S_IFCHR | 0o666), b"")), "special file"),
    "case": (with_good(("Model.py", b""), ("model.py", b"")), "another member has"),
    "twice": (renamed("candidate2py", "candidate.py"), "another member has"),
    "case of a folder": (with_good(("A/x", b""), ("a/y", b"")), "another member has"),
    "file and folder": (with_good(("a", b""), ("a/y", b"")), "another member has"),
    "bomb": (with_good(("x", bytes(2**22))), "packed to less"),
    "bomb of many": (with_good(*[(f"x{k}", bytes(2**20)) for k in range(9)]), "unpacked"),
    "many files": (with_good(*[(f"x{k}", b"") for k in range(30)]), "at most 20"),
    "large": (with_good(("x", bytes(range(256)) * 2**10), (zipfile.ZipInfo("y"), bytes(2**17))), "bytes"),
    "pickle by name": (with_good(("weights.pt", b"x")), "safetensors"),
    "pickle by content": (with_good(("weights.dat", pickle.dumps({}, protocol=4))), "safetensors"),
    "checkpoint under another name": (
        with_good(("weights.dat", zipped([("data.pkl", b"x")]))),
        "safetensors",
    ),
    "rare packing": (zipped(GOOD.items(), method=zipfile.ZIP_BZIP2), "rare way"),
    "hidden": (with_good((".netrc", b"")), "hidden"),
    "byte code": (with_good(("a.pyc", b"")), "byte code"),
    "no card": (zipped([("candidate.py", b"")]), "candidate.yaml"),
    "code of others": (
        zipped([("candidate.yaml", yaml.safe_dump(CARD | {"entry": "os:system"}))]),
        "Python file of the bundle",
    ),
    "code of others beside a file of its name": (
        zipped([("candidate.yaml", yaml.safe_dump(CARD | {"entry": "os:system"})), ("os", b"")]),
        "Python file of the bundle",
    ),
    "no zip": (b"x" * 100, "whole zip"),
    "cut": (with_good()[:-30], "whole zip"),
    "comment": (with_good() + b"x", "whole zip"),
    "wrong bytes": (
        with_good(("x", b"abcdefgh" * 9)).replace(b"class Model", b"klass Model"),
        "whole zip|CRC",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_with_the_reason(what):
    data, reason = REFUSED[what]
    if what == "wrong bytes":
        data = bytearray(with_good())
        data[data.index(b"candidate.py") + len("candidate.py") + 3] ^= 0xFF
        data = bytes(data)
    with pytest.raises(InvalidDataError, match=reason):
        read_bundle(data, SMALL)


def test_a_card_may_not_stand_for_more_than_it_is():
    lines = ["a: &a [x, x]", "b: &b [*a, *a]", "c: [*b, *b]"]
    data = zipped([("candidate.yaml", "\n".join(lines)), ("candidate.py", "")])
    with pytest.raises(InvalidCardError, match="alias"):
        read_bundle(data)


def test_a_list_of_members_that_takes_memory_is_not_read():
    data = zipped([(f"{k:0100d}", b"") for k in range(9000)], method=zipfile.ZIP_STORED)
    with pytest.raises(InvalidDataError, match="list of members"):
        read_bundle(data)


@given(st.data())
def test_no_change_of_a_byte_gets_past_with_another_error(data):
    whole = bytearray(with_good())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(InnerscoreError):
        read_bundle(bytes(whole))
