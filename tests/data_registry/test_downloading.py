"""Downloads that are interrupted, continued, misled and refused, from a host on this machine."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from http_host import Page, running_host

from innerscore.core.errors import InvalidDataError, MissingPartError
from innerscore.data_registry.files import downloading
from innerscore.data_registry.files.asking import read_json, redirected
from innerscore.data_registry.files.downloading import Expected, check_space, download

BODY = bytes(range(256)) * 16_384  # 4 MiB
CUT = 3 * 2**20


@pytest.fixture
def host():
    with running_host() as running:
        yield running


@pytest.fixture
def target(tmp_path):
    return tmp_path / "folder" / "f.nwb"


def names(target):
    return sorted(path.name for path in target.parent.iterdir())


def interrupted(host, target, page, **known):
    """The address of a file of which a part is here."""
    page.cuts = [CUT]
    url = host.add("/f.nwb", page)
    with pytest.raises(OSError, match="the download failed: the connection broke off"):
        download(url, target, Expected(**known))
    assert ".f.nwb.part" in names(target)
    assert (target.parent / ".f.nwb.part").read_bytes() == page.body[:CUT]
    return url


@pytest.mark.parametrize("etag", ['"first"', ""])
def test_what_broke_off_is_continued_where_it_ended(host, target, etag):
    known = {} if etag else {"size": len(BODY), "checked": True}
    url = interrupted(host, target, Page(BODY, etag=etag), **known)
    seen = []
    download(url, target, Expected(**known), lambda done, of: seen.append((done, of)))
    assert host.asked == [("/f.nwb", ""), ("/f.nwb", f"bytes={CUT}-")]
    assert target.read_bytes() == BODY
    assert names(target) == ["f.nwb"]
    assert seen[0][0] > CUT
    assert seen[-1] == (len(BODY), len(BODY))


def test_a_file_that_changed_meanwhile_or_cannot_be_told_is_begun_anew(host, target):
    url = interrupted(host, target, Page(BODY))
    changed = BODY[::-1]
    host.add("/f.nwb", Page(changed, etag='"second"'))
    download(url, target)
    assert target.read_bytes() == changed
    target.unlink()
    url = interrupted(host, target, Page(BODY, etag=""))
    download(url, target)
    assert host.asked[-1] == ("/f.nwb", "")
    assert target.read_bytes() == BODY


def test_a_host_without_ranges_or_with_a_shorter_file_gives_the_whole(host, target):
    url = interrupted(host, target, Page(BODY, ranges=False))
    download(url, target)
    assert target.read_bytes() == BODY
    target.unlink()
    url = interrupted(host, target, Page(BODY))
    host.add("/f.nwb", Page(BODY[:100]))
    download(url, target)
    assert target.read_bytes() == BODY[:100]


def test_another_part_than_the_one_that_was_asked_for_is_not_put_behind_it(host, target):
    url = interrupted(host, target, Page(BODY))
    host.add("/f.nwb", Page(BODY, status=206, ranges=False, headers={"Content-Range": "bytes 5-9/10"}))
    with pytest.raises(OSError, match=f"from byte {CUT} on"):
        download(url, target)
    assert (target.parent / ".f.nwb.part").stat().st_size == CUT


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\n<!DOCTYPE html><p>Log in", "application/octet-stream"),
        (b"<HTML><p>Log in", ""),
        (b"<!-- a page --><p>Log in", "text/html; charset=utf-8"),
    ],
)
def test_a_web_page_is_no_file_and_leaves_nothing_or_what_was_there(host, target, body, kind):
    url = host.add("/f.nwb", Page(body, kind=kind))
    with pytest.raises(InvalidDataError, match="a web page"):
        download(url, target)
    assert names(target) == []
    interrupted(host, target, Page(BODY))
    host.add("/f.nwb", Page(body, kind=kind, etag='"page"'))
    with pytest.raises(InvalidDataError, match="a web page"):
        download(url, target)
    assert (target.parent / ".f.nwb.part").read_bytes() == BODY[:CUT]


def test_an_endless_answer_ends_at_the_size_that_is_known(host, target):
    url = host.add("/f.nwb", Page(BODY, endless=True))
    with pytest.raises(InvalidDataError, match="at most 5000 bytes"):
        download(url, target, Expected(most=5000))
    assert names(target) == []
    with pytest.raises(InvalidDataError, match="at most 6000 bytes"):
        download(host.add("/g.nwb", Page(BODY)), target, Expected(size=6000))
    assert names(target) == []


def test_a_disk_without_room_is_named_before_anything_is_written(host, target, monkeypatch):
    monkeypatch.setattr(downloading, "_free", lambda _: 1000)
    with pytest.raises(MissingPartError, match=f"{len(BODY)} free bytes"):
        download(host.add("/f.nwb", Page(BODY)), target)
    assert names(target) == []
    with pytest.raises(MissingPartError, match="INNERSCORE_DATA_DIR"):
        check_space(target.parent / "not" / "there", 1001, subject="files")
    check_space(target.parent / "not" / "there", 1000, subject="files")


def test_two_that_fetch_one_file_get_the_same_bytes(host, target):
    url = host.add("/f.nwb", Page(BODY))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: download(url, target), range(4)))
    assert target.read_bytes() == BODY
    assert len(host.asked) == 1
    assert names(target) == ["f.nwb"]


def test_a_redirect_is_followed_with_its_range_and_not_for_ever(host, target):
    url = interrupted(host, target, Page(BODY))
    host.add("/blob", host.pages["/f.nwb"])
    host.add("/f.nwb", Page(status=302, headers={"Location": "/blob"}))
    download(url, target)
    assert host.asked[-2:] == [("/f.nwb", f"bytes={CUT}-"), ("/blob", f"bytes={CUT}-")]
    assert target.read_bytes() == BODY
    host.add("/round", Page(status=302, headers={"Location": "/round"}))
    with pytest.raises(InvalidDataError, match="more than 5 redirects"):
        download(host.address("/round"), target.with_name("g.nwb"))


def test_a_redirect_leads_to_no_file_of_this_machine(host, target, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    for location in (f"file://{tmp_path}/secret", "ftp://example.org/x", "http://[broken"):
        url = host.add("/f.nwb", Page(status=302, headers={"Location": location}))
        with pytest.raises(InvalidDataError, match="a redirect to"):
            download(url, target)
        assert names(target) == []


def test_redirects_keep_to_encrypted_ways_and_out_of_this_network():
    assert redirected("https://a.org/x/y", "../z") == "https://a.org/z"
    assert redirected("http://a.org/x", "https://b.org/z") == "https://b.org/z"
    assert redirected("http://127.0.0.1:80/x", "http://localhost/z") == "http://localhost/z"
    for location in (
        "http://b.org/x",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://192.168.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x",
        "https://metadata.localhost/x",
    ):
        with pytest.raises(InvalidDataError, match="a redirect to"):
            redirected("https://a.org/x", location)


def test_an_answer_that_should_be_an_object_is_one_and_ends(host):
    assert read_json(host.add("/o", Page(b'{"a": 1}'))) == {"a": 1}
    wrong = {
        "/list": Page(b"[1]"),
        "/page": Page(b"<html>"),
        "/deep": Page(b"[" * 100_000),
        "/endless": Page(b'{"a": [' + b"0," * 1000, endless=True),
    }
    for path, page in wrong.items():
        with pytest.raises(InvalidDataError, match="a JSON object"):
            read_json(host.add(path, page))
