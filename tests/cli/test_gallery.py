"""Galleries of rate maps: the maps are right, and the picture is one."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from typer.testing import CliRunner

from innerscore.cli.app import app
from innerscore.core.errors import InvalidArgumentError
from innerscore.studies.galleries import candidate_maps, dataset_maps, gallery


def test_the_map_of_the_position_is_the_position(settings):
    maps = candidate_maps("position", settings).maps
    centres = (np.arange(40) + 0.5) * 0.025
    inside = np.s_[3:-3, 3:-3]  # the smoothing of one bin bends the ends
    np.testing.assert_allclose(maps[0][inside], np.broadcast_to(centres, (40, 40))[inside], atol=0.01)
    np.testing.assert_allclose(
        maps[1][inside], np.broadcast_to(centres[:, None], (40, 40))[inside], atol=0.01
    )


def test_grid_cells_score_high_the_best_first_and_place_cells_do_not(settings):
    grid, place = (
        gallery(candidate_maps(name, settings), name).rows for name in ("grid-code", "place-cells")
    )
    assert np.median([score for _, score, *_ in grid]) > 1
    scores = [score for _, score, *_ in grid if np.isfinite(score)]
    assert scores == sorted(scores, reverse=True)
    assert np.nanmedian([score for _, score, *_ in place]) < 0.5
    lattices = np.array([row[3:] for row in grid])
    assert np.median(lattices[:, 0]) > 0.5
    assert np.median(lattices[:, 3]) == pytest.approx(60, abs=3)
    assert np.median(lattices[lattices[:, 1] < 0.5, 1]) == pytest.approx(0.4, abs=0.02)


def test_a_data_sets_cells_are_named_and_drawn(settings, tmp_path, monkeypatch):
    maps = dataset_maps("SimulatedMEC", settings)
    assert maps.maps.shape == (128, 20, 20)
    assert maps.names[0] == "simulated-A-000"
    path = tmp_path / "gallery.svg"
    done = CliRunner().invoke(app, ["info", "SimulatedMEC", "--gallery", str(path)])
    assert done.exit_code == 0, done.output
    root = ET.parse(path).getroot()
    assert [child.tag.split("}")[1] for child in root][:2] == ["title", "desc"]
    assert path.stat().st_size < 500_000


def test_what_has_no_maps_is_refused(settings):
    with pytest.raises(InvalidArgumentError, match="self_motion"):
        candidate_maps("pixels", settings)
    with pytest.raises(InvalidArgumentError, match="'nothing'"):
        candidate_maps("position", settings, layer="nothing")
    with pytest.raises(InvalidArgumentError, match="not recorded over space"):
        dataset_maps("SimulatedDMFC", settings)


def test_the_board_asks_for_the_gallery_of_a_data_set_over_space(settings):
    from innerscore.workflows.board_contents import board_contents

    contents = board_contents(settings)
    assert "Rate maps of SimulatedMEC" in contents.gallery("SimulatedMEC").title
    assert contents.gallery("SimulatedDMFC") is None
    assert contents.gallery("Sargolini2006") is None


def test_the_board_has_the_losses_of_what_was_trained(settings):
    from innerscore.workflows.board_contents import board_contents

    contents = board_contents(settings)
    trained = {
        name for name, card in contents.candidates.items() if card.weights and card.weights.seed is not None
    }
    drawn = {name for name in contents.candidates if contents.losses(name) is not None}
    assert {"sic-48", "cswm-hiding", "rsg-rnn"} <= drawn <= trained
    assert contents.losses("nobody") is None
