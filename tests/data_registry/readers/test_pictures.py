"""Pictures of a folder or a zip: the pixels that were shown, in the order of their numbers, or a refusal."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from innerscore.core.errors import InvalidDataError
from innerscore.data_registry.readers.pictures import read_pictures

PIXELS = {
    f"image{k}": np.random.default_rng(k).integers(0, 256, (6, 8, 3), dtype=np.uint8) for k in (1, 2, 10)
}


def encoded(pixels, kind="PNG", **options):
    body = io.BytesIO()
    Image.fromarray(pixels).save(body, kind, **options)
    return body.getvalue()


def read(folder, pattern):
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return read_pictures(files, pattern, "The field 'frames'")


def put(folder, pictures):
    (folder / "shown").mkdir(parents=True)
    for name, body in pictures.items():
        (folder / "shown" / name).write_bytes(body)
    return folder


def test_files_and_members_of_a_zip_are_the_same_pictures(tmp_path):
    put(tmp_path, {f"{name}.png": encoded(pixels) for name, pixels in PIXELS.items()})
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name in reversed(PIXELS):
            archive.writestr(f"images/{name}.png", encoded(PIXELS[name]))
        archive.writestr("__MACOSX/images/._image1.png", b"of a Mac")
        archive.writestr("readme.txt", b"no picture")
    for found in (read(tmp_path, "shown/*.png"), read(tmp_path, "all.zip")):
        assert list(found) == ["image1", "image2", "image10"]
        for name, pixels in PIXELS.items():
            np.testing.assert_array_equal(found[name], pixels)


def test_grey_pictures_have_three_equal_colours(tmp_path):
    grey = PIXELS["image1"][..., 0]
    put(tmp_path, {"a.png": encoded(grey), "b.jpg": encoded(np.full((8, 8), 77, np.uint8), "JPEG")})
    found = read(tmp_path, "shown/*")
    np.testing.assert_array_equal(found["a"], np.stack([grey] * 3, axis=-1))
    assert (found["b"] == 77).all()


def turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(PIXELS["image1"], "JPEG", exif=exif)


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        ({"a.png": encoded(PIXELS["image1"])[:90]}, r"a\.png.*damaged"),
        ({"a.png": b"no picture"}, r"a\.png.*damaged"),
        ({"a.png": encoded(np.zeros((4, 4, 4), np.uint8))}, "mode RGBA"),
        ({"a.png": encoded(np.zeros((4, 4), np.uint16))}, "8 bits"),
        ({"a.jpg": turned()}, "note of the camera"),
        ({"a.png": encoded(np.zeros((4097, 4097), np.uint8))}, "4097 x 4097 pixels"),
        (
            {"a.png": encoded(PIXELS["image1"]), "a.jpg": encoded(PIXELS["image1"], "JPEG")},
            "two pictures 'a'",
        ),
        ({"a.zip": b"no zip"}, "whole zip"),
        ({"a.txt": b"text"}, "a pattern of files"),
    ],
)
def test_what_would_not_be_seen_as_it_is_stored_is_refused(tmp_path, pictures, message):
    with pytest.raises(InvalidDataError, match=message):
        read(put(tmp_path, pictures), "shown/*.[pjz]*")
