"""The notebooks run in a kernel, and give what they show."""

import nbformat
import pytest
from notebooks import NOTEBOOKS, executed, said


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_gives_what_it_shows(path, tmp_path):
    shown = nbformat.read(path, as_version=4)
    assert said(executed(path, tmp_path)) == said(shown)


def test_all_three_are_there_and_small():
    names = {path.stem for path in NOTEBOOKS}
    assert names == {"score_my_model", "compare_two_populations", "read_a_board"}
    for path in NOTEBOOKS:
        assert path.stat().st_size < 200_000, path
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)), (
            "run in order, once"
        )
