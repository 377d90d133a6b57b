"""The site of the documentation: built strictly from the files, with nothing from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def build(folder, *options, cwd=ROOT):
    """A strict build: a warning, such as a link that leads nowhere or a page that nobody lists, is an error."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder), *options]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, cwd=cwd, env=quiet, capture_output=True, text=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[a](nowhere.md)", "nowhere.md"),
        ("[a](index.md#nowhere)", "#nowhere"),
        ("[a](/index.md)", "absolute"),
    ],
)
def test_a_link_that_leads_nowhere_ends_the_build(text, fault, tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# Title\n\n{text}\n")
    inherited = f"INHERIT: {ROOT / 'mkdocs.yml'}\n"
    (tmp_path / "mkdocs.yml").write_text(
        f"{inherited}docs_dir: docs\nhooks: []\nplugins: [search]\nnav: [index.md]\n"
    )
    done = build(tmp_path / "site", cwd=tmp_path)
    assert done.returncode == 1
    assert fault in done.stderr


def test_every_document_is_a_page_of_the_site(site):
    for path in (ROOT / "docs").rglob("*.md"):
        page = path.relative_to(ROOT / "docs").with_suffix(".html")
        page = page.with_name("index.html") if page.name == "README.html" else page
        assert (site / page).is_file(), page
    for name in ("changelog", "contributing", "notebooks/read_a_board", "reference/commands"):
        assert (site / f"{name}.html").is_file()


def test_nothing_on_a_page_is_fetched_from_elsewhere(site):
    for page in site.rglob("*.html"):
        text = page.read_text()
        fetched = re.findall(r"<(?:script|img|iframe)[^>]* src=\"?(https?:)", text)
        fetched += re.findall(
            r"<link[^>]*rel=\"?(?:stylesheet|preconnect|icon)\"?[^>]*href=\"?(https?:)", text
        )
        assert not fetched, page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?https?:|@import ['\"]https?:", sheet.read_text()), sheet


def test_the_reference_has_what_docstrings_and_help_texts_say(site):
    functions = (site / "reference" / "innerscore.html").read_text()
    assert "without storing it" in functions
    assert 'id="innerscore.api.score"' in functions
    assert (
        'id="innerscore.metrics.functional.mapping.ridge.ridge_predictivity"'
        in (site / "reference" / "functional-mapping.html").read_text()
    )
    similarity = (site / "reference" / "functional-similarity.html").read_text()
    assert '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">' in similarity
    for page in (site / "reference").glob("*.html"):
        assert not re.search(r":(math|func|class|mod|meth):`|\.\. math::", page.read_text()), page
    commands = (site / "reference" / "commands.html").read_text()
    for name in ("innerscore score", "innerscore board export", "innerscore store verify"):
        assert f"<code>{name}</code>" in commands
    assert "--sandbox" in commands


def test_notebooks_candidates_and_pictures_are_on_their_pages(site):
    notebook = (site / "notebooks" / "score_my_model.html").read_text()
    assert "data:image/png;base64," in notebook
    assert "Watcher" in notebook
    gallery = (site / "gallery.html").read_text()
    assert "<code>ball-visible</code>" in gallery
    assert "pictures/maps-grid-code.svg" in gallery
    assert "flowchart" not in (site / "architecture.html").read_text()
