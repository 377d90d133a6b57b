"""Files that records carry become figures: rate maps and ball traces; what is of another form becomes none."""

import io

import numpy as np
import pytest

from innerscore.leaderboard.pages.attached import read_trace
from innerscore.leaderboard.pages.attached_maps import read_gallery


def npy(array, **options):
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def arrays(n=3):
    rng = np.random.default_rng(0)
    return rng.random((n, 20, 16)), rng.uniform(-1, 1, (n, 39, 31)), np.array([0.2, np.nan, 1.1])[:n]


def test_maps_become_a_gallery_with_the_best_cell_first():
    figure = read_gallery(tuple(map(npy, arrays())), "Maps", key="m")
    assert [row[0] for row in figure.rows] == ["2", "0", "1"]
    assert "data:image/png;base64," in figure.svg


@pytest.mark.parametrize(
    "spoil",
    [
        lambda maps, auto, scores: (npy(maps[:2]), npy(auto), npy(scores)),
        lambda maps, auto, scores: (npy(maps[0]), npy(auto), npy(scores)),
        lambda maps, auto, scores: (npy(maps.astype(object), allow_pickle=True), npy(auto), npy(scores)),
        lambda maps, auto, scores: (npy(maps)[:200], npy(auto), npy(scores)),
        lambda maps, auto, scores: (b"", npy(auto), npy(scores)),
        lambda maps, auto, scores: (npy(np.zeros((3, 401, 2))), npy(auto), npy(scores)),
        lambda maps, auto, scores: (npy(maps.astype(int)), npy(auto), npy(scores)),
        lambda maps, auto, scores: (npy(maps[:, :0]), npy(auto), npy(scores)),
    ],
)
def test_what_is_no_gallery_gives_none(spoil):
    assert read_gallery(spoil(*arrays()), "Maps", key="m") is None


def test_a_trace_is_read_by_condition_and_anything_else_is_nothing():
    header = "condition,step,x,y,decoded_x,decoded_y\n"
    ways = read_trace((header + "a,0,1,2,1.5,2.5\na,1,2,3,2.5,3.5\nb,0,0,0,0,0\n").encode())
    assert ways["a"] == ([(1, 2), (2, 3)], [(1.5, 2.5), (2.5, 3.5)])
    assert list(ways) == ["a", "b"]
    assert read_trace(b"x,y\n1,2\n") == {}
    assert read_trace((header + "a,0,1,nan,0,0\n").encode()) == {}
