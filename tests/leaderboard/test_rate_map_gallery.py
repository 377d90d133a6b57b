"""The gallery of rate maps: order, words for screen readers, pixels, size."""

import base64
import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from innerscore.figures.png import indexed_png
from innerscore.figures.rate_maps import rate_map_gallery

SVG = "{http://www.w3.org/2000/svg}"


def _pixels(image):
    """Rows of the palette, and the palette, of one of our pictures."""
    picture = Image.open(io.BytesIO(base64.b64decode(image.get("href").split(",")[1])))
    assert (picture.format, picture.info["transparency"]) == ("PNG", 0)
    return np.asarray(picture), np.reshape(picture.getpalette(), (-1, 3))


@pytest.fixture
def gallery():
    rng = np.random.default_rng(0)
    maps = rng.random((3, 4, 6))
    maps[1, 0, 0] = np.nan
    return maps, rate_map_gallery(
        maps,
        2 * rng.random((3, 7, 11)) - 1,
        np.array([0.2, np.nan, 1.3]),
        "Cells of <A & B>",
        key="g",
        names=["a", "<b>", "c"],
    )


def test_cells_come_by_falling_score_and_are_said(gallery):
    _, figure = gallery
    root = ET.fromstring(str(figure.svg))
    assert [row[0] for row in figure.rows] == ["c", "a", "<b>"]
    titles = (group.find(f"{SVG}title") for group in root.iter(f"{SVG}g"))
    said = [title.text for title in titles if title is not None]
    assert len(figure.panels) == 3
    assert said[0].startswith("Cell c: grid score 1.3")
    assert said[2].startswith("Cell <b>: no grid score")
    assert root.find(f"{SVG}title").text == "Cells of <A & B>"
    assert "1 without a grid score" in root.find(f"{SVG}desc").text
    assert root.get("role") == "img"
    assert "style=" not in str(figure.svg)


def test_pixels_are_the_map_with_its_first_row_at_the_bottom(gallery):
    maps, figure = gallery
    images = list(ET.fromstring(str(figure.svg)).iter(f"{SVG}image"))
    pixels, palette = _pixels(images[4])  # the rate map of the last cell, which has a hole
    assert pixels[-1, 0] == 0
    assert (
        (np.argsort(pixels[pixels > 0], kind="stable")[-1])
        == np.argsort(maps[1][::-1][np.isfinite(maps[1][::-1])])[-1]
    )
    assert pixels.max() == len(palette) - 1
    assert (float(images[4].get("height")), float(images[4].get("width"))) == (48, 72)


def test_a_hundred_cells_stay_below_half_a_megabyte():
    rng = np.random.default_rng(1)
    figure = rate_map_gallery(
        rng.random((250, 40, 40)), rng.random((250, 79, 79)), rng.random(250), "Many", key="m"
    )
    assert len(figure.rows) == 100
    assert len(str(figure.svg)) < 500_000
    assert "100 of 250 cells" in figure.description


def test_silent_unvisited_and_no_cells_are_drawn():
    maps = np.stack([np.zeros((5, 5)), np.full((5, 5), np.nan)])
    figure = rate_map_gallery(maps, np.full((2, 9, 9), np.nan), np.full(2, np.nan), "None", key="n")
    images = list(ET.fromstring(str(figure.svg)).iter(f"{SVG}image"))
    assert _pixels(images[0])[0].tolist() == np.ones((5, 5)).tolist()
    assert (_pixels(images[2])[0] == 0).all()
    empty = rate_map_gallery(np.empty((0, 5, 5)), np.empty((0, 9, 9)), np.empty(0), "Empty", key="e")
    assert "0 of 0 cells" in empty.description


@pytest.mark.parametrize("n_colours", [2, 12, 256])
def test_a_picture_has_the_colours_it_was_given_and_none_where_the_map_has_a_hole(n_colours):
    rng = np.random.default_rng(n_colours)
    palette = rng.integers(0, 256, (n_colours, 3), dtype=np.uint8)
    pixels = rng.integers(0, n_colours, (7, 11), dtype=np.uint8)
    png = indexed_png(pixels, palette)
    decoded = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))
    assert (decoded[..., :3] == palette[pixels]).all()
    assert (decoded[..., 3] == np.where(pixels == 0, 0, 255)).all()
    assert indexed_png(pixels, palette) == png
