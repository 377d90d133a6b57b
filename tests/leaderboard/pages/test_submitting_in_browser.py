"""The form for submissions in Chromium, where the content policy and the browser's own checks of a form hold."""

import pytest
import yaml
from board_examples import benchmark_names, candidate_card, contents, many_entries

from innerscore.core.bundles import pack_folder
from innerscore.leaderboard.queue import BundleStore, Failed, Queue
from innerscore.leaderboard.server import Limits, TokenFile, create_app
from innerscore.leaderboard.store import Store

BENCHMARKS = benchmark_names(4)
HOSTILE = "<script>window.hacked=1</script>"


class SubmissionService:
    """A board that takes submissions, served, and a token for it."""

    def __init__(self, folder):
        self.store = Store(f"sqlite:///{folder / 'board.sqlite'}")
        self.store.add_all(many_entries(4, 4, n_resamples=30))
        self.queue = Queue(self.store.url)
        tokens = TokenFile(folder / "tokens.sqlite")
        self.secret = tokens.create("a test", ("submissions:write",)).secret
        made = contents(tuple(f"candidate-{n:03d}" for n in range(4)), BENCHMARKS)
        limits = Limits(reads_per_second=1000, read_burst=10_000)
        self.app = create_app(self.store, made, tokens, BundleStore(folder / "bundles"), limits=limits)
        self.url = ""


@pytest.fixture
def service(tmp_path, serve):
    made = SubmissionService(tmp_path)
    with serve(made.app) as served:
        made.url = served.url
        yield made


def bundle(tmp_path):
    folder = tmp_path / "sent"
    folder.mkdir()
    card = candidate_card("sent", entry="candidate.py:Model").model_dump(mode="json", exclude_none=True)
    (folder / "candidate.yaml").write_text(yaml.safe_dump(card))
    (folder / "candidate.py").write_text("class Model: ...\n")
    path = tmp_path / "sent.zip"
    path.write_bytes(pack_folder(folder))
    return path


def send(page, token, path, *benchmarks):
    page.get_by_label("Token").fill(token)
    page.get_by_label("Bundle (zip)").set_input_files(path)
    for name in benchmarks:
        page.get_by_label(name, exact=True).check()
    page.get_by_role("button", name="Submit").click()


def test_a_bundle_is_sent_by_the_form_and_its_page_shows_its_way(
    open_page, serious_faults, service, tmp_path
):
    page = open_page(service.url + "index.html")
    page.get_by_role("link", name="Submit").click()
    assert serious_faults(page) == []
    send(page, service.secret, bundle(tmp_path), BENCHMARKS[1])
    page.wait_for_url("**/submissions/s-*.html")
    assert page.get_by_role("heading", level=1).inner_text() == "sent: received"
    (found,) = service.queue.all()
    assert tuple(found.benchmarks) == (BENCHMARKS[1],)
    assert found.identifier in page.inner_text("dl")

    lease = service.queue.claim("a worker", seconds=60)
    service.queue.finish(lease, Failed("activations", HOSTILE, "Give (time, unit)."), log=HOSTILE)
    page.get_by_role("heading", name="sent: failed").wait_for()
    assert HOSTILE in page.inner_text("dl")
    assert HOSTILE in page.inner_text("pre")
    assert page.evaluate("window.hacked") is None
    assert serious_faults(page) == []


def test_what_is_refused_says_why_and_the_form_can_be_sent_again(open_page, service, tmp_path):
    page = open_page(service.url + "submit.html", refusals=[422], viewport={"width": 360, "height": 700})
    page.get_by_role("button", name="Submit").click()
    assert page.evaluate("document.querySelector(':invalid:not(form)').name") == "token"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

    no_zip = tmp_path / "no.zip"
    no_zip.write_text("no zip")
    send(page, service.secret, no_zip)
    assert "zip" in page.get_by_role("alert").inner_text()
    assert service.queue.all() == []
    send(page, service.secret, bundle(tmp_path))
    page.wait_for_url("**/submissions/s-*.html")
    assert len(service.queue.all()) == 1
