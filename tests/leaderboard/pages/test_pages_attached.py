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


def test_lattices_are_drawn_if_a_record_has_them_and_are_of_the_form():
    lattices = np.array([[0.9, 0.4, 0.41, 61.2], [0.0, *[np.nan] * 3], [0.5, 0.3, 0.3, 90.0]])
    bodies = tuple(map(npy, arrays()))
    figure = read_gallery((*bodies, npy(lattices)), "Maps", key="m")
    assert figure.columns[3:] == ("periodicity", "shorter_m", "longer_m", "angle_deg")
    assert [row[0] for row in figure.rows] == ["2", "0", "1"]
    assert figure.rows[1][3:] == (0.9, 0.4, 0.41, 61.2)
    assert "lattice of 0.4 and 0.41 m at 61.2 degrees" in figure.svg
    assert figure.svg.count("no lattice") == 2
    assert "lattice" not in read_gallery(bodies, "Maps", key="m").svg
    assert read_gallery((*bodies, npy(lattices[:2])), "Maps", key="m") is None
    assert read_gallery((*bodies, npy(lattices[:, :3])), "Maps", key="m") is None


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
