"""A candidate's folder, written by a test."""

import yaml

CARD = {
    "identifier": "example",
    "title": "Example",
    "description": "A candidate that a test made for itself.",
    "authors": ["tests"],
    "licence": "MIT",
    "citation": "@misc{tests}",
    "entry": "candidate.py:Model",
    "accepts": ["self_motion"],
    "layers": ["a"],
    "model_class": "example",
}


def write_candidate(folder, code, **changes):
    """Write the card, with changes, and the code; the folder is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "candidate.yaml").write_text(yaml.safe_dump(CARD | changes))
    (folder / "candidate.py").write_text(code)
    return folder
