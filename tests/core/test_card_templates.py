"""What many benchmark cards say is written once: templates and a bibliography, without a change to what is read."""

import re

import pytest

from innerscore.core.cards import BenchmarkCard, CandidateCard, read_card
from innerscore.core.errors import InvalidCardError

OWN = """\
identifier: MyLab2026.ridge
title: Ridge
description: How well units predict neuroids of my laboratory.
"""
LAB = """\
licence: MIT
system: Frontal cortex
dataset: MyLab2026
task: Watching a ball that disappears.
region: DMFC
"""
RIDGE = """\
citation: [mylab, other]
alignment: time
metric: ridge
parameters: {n_outer: 3}
ceiling: Split halves of the repetitions.
version: 2
"""
BIB = "@misc{mylab,\n  title={Mine}\n}\n\n@article{other, title={The {DMFC} of @monkeys}}"


@pytest.fixture
def read(tmp_path):
    """Read a card that lies beside the test's own templates."""
    folder = tmp_path / "templates"
    folder.mkdir()
    for name, text in {"lab": LAB, "my-ridge": RIDGE}.items():
        (folder / f"{name}.template.yaml").write_text(text)
    (folder / "references.bib").write_text(BIB)

    def run(text, card_type=BenchmarkCard, **templates):
        for name, content in templates.items():
            (folder / f"{name}.template.yaml").write_text(content)
        path = tmp_path / "x.benchmark.yaml"
        path.write_text(text)
        return read_card(path, card_type)

    return run


def test_a_card_has_the_keys_of_its_templates_and_its_own(read):
    card = read(OWN + "extends: [lab, my-ridge]\nversion: 3\n")
    assert (card.dataset, card.metric, card.parameters, card.version) == (
        "MyLab2026",
        "ridge",
        {"n_outer": 3},
        3,
    )
    assert (
        card.citation == "@misc{mylab,\n  title={Mine}\n}\n@article{other, title={The {DMFC} of @monkeys}}\n"
    )


def test_it_is_the_card_that_is_written_in_full(read):
    citation = "citation: '@misc{x}'\n"
    whole = read(OWN + LAB + RIDGE.replace("citation: [mylab, other]\n", citation))
    assert read(OWN + citation + "extends: [lab, my-ridge]\n") == whole


def test_the_template_that_is_named_last_counts(read):
    assert read(OWN + "extends: [lab, my-ridge, later]\n", later="metric: rsa\n").metric == "rsa"


def test_a_template_may_extend_another(read):
    both = "extends: [lab, my-ridge]\nmetric: pls\n"
    card = read(OWN + "extends: both\n", both=both)
    assert (card.region, card.metric) == ("DMFC", "pls")


def test_ones_own_card_may_extend_a_template_of_innerscore(read):
    card = read(OWN + "extends: [mec-ridge, lab]\n")
    assert (card.alignment, card.metric, card.dataset) == ("space", "ridge", "MyLab2026")
    assert "nayebi2021explaining" in card.citation


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("extends: [my-rigde]\n", "Did you mean 'my-ridge'?"),
        ("extends: [../lab]\n", "the name of a template"),
        ("extends: {lab: 1}\n", "the name of a template"),
        ("extends: [round]\n", "within itself"),
        ("extends: [lab, my-ridge]\ncitation: [nobody]\n", "the reference 'nobody'"),
        ("extends: [lab, my-ridge]\ncitation: [[mylab]]\n", "the reference '['mylab']'"),
        ("extends: [lab, my-ridge]\nmetrik: rsa\n", "Did you mean 'metric'?"),
        ("extends: [lab, odd]\n", "key 'colour' is unknown"),
        ("extends: [broken]\n", "readable YAML"),
        ("extends: [lab]\n", "key 'metric' is missing"),
    ],
)
def test_what_cannot_be_expanded_is_named(read, text, message):
    templates = {"round": "extends: [about]\n", "about": "extends: [round]\n"}
    with pytest.raises(InvalidCardError, match=re.escape(message)):
        read(OWN + text, **templates, odd=RIDGE + "colour: red\n", broken="a: [")


def test_only_benchmarks_have_templates(read):
    with pytest.raises(InvalidCardError, match="key 'extends' is unknown"):
        read("identifier: mine\nextends: [lab]\n", CandidateCard)
