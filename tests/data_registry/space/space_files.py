"""Files of exactly the structure that entorhinal recordings are released in, with a known rat and known cells."""

import datetime
import io
import zipfile

import numpy as np
import pynwb
import scipy.io

from innerscore.tasks.self_motion import ornstein_uhlenbeck_paths

RATE = 20.0
N_SESSIONS = 3
PATHS = ornstein_uhlenbeck_paths(N_SESSIONS, 900.0, rate_hz=RATE, seed=8)
TIMES = np.arange(PATHS.shape[1]) / RATE
SESSIONS = (("11084", "01030502"), ("11084", "03020501+02"), ("10704", "06070402"))
CENTRES = {"t1c1": (0.3, 0.3), "t2c1": (0.7, 0.6)}


def spikes(session):
    """Poisson spikes of place cells with fields at CENTRES; one cell is silent."""
    rng = np.random.default_rng(session)
    found = {}
    for cell, centre in CENTRES.items():
        rate = 15 * np.exp(-((PATHS[session] - centre) ** 2).sum(axis=1) / (2 * 0.15**2))
        found[cell] = np.repeat(TIMES, rng.poisson(rate / RATE)) + 0.001
    return found | {"t2c2": np.empty(0)}


def in_cm(session):
    """As the tracker gives it: cm, the box around 0, now and then lost."""
    tracked = (PATHS[session] - 0.5) * 100
    tracked[100:105] = np.nan
    return tracked


def second_light(session):
    """12 cm behind the first, as seen by a rat that looks to the upper right."""
    return in_cm(session) - 12 * np.array([np.cos(0.7), np.sin(0.7)])


def column(values):
    return np.asarray(values, dtype=float).reshape(-1, 1)


def write_a_file_a_session(folder, session):
    """``_POS.mat``, ``_T<t>C<c>.mat`` and an EEG file, which is of no use."""
    rat, name = SESSIONS[session]
    first, second = in_cm(session), second_light(session)
    with_second = session != 1
    track = {"post": column(TIMES), "posx": column(first[:, 0]), "posy": column(first[:, 1])}
    track["posx2"] = column(second[:, 0]) if with_second else np.empty((0, 0))
    track["posy2"] = column(second[:, 1]) if with_second else np.empty((0, 0))
    folder.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(folder / f"{rat}-{name}_POS.mat", track)
    for cell, times in spikes(session).items():
        scipy.io.savemat(folder / f"{rat}-{name}_{cell.upper()}.mat", {"cellTS": column(times)})
    scipy.io.savemat(folder / f"{rat}-{name}_EEG.mat", {"EEG": np.zeros((10, 1)), "Fs": 250.0})


def write_a_file_a_cell(folder, session):
    """``_t<t>c<c>.mat`` with the track in each."""
    rat, name = SESSIONS[session]
    first = in_cm(session)
    track = {"x1": column(first[:, 0]), "y1": column(first[:, 1]), "t": column(TIMES)}
    folder.mkdir(parents=True, exist_ok=True)
    for cell, times in spikes(session).items():
        content = track | {"x2": np.empty((0, 0)), "y2": np.empty((0, 0)), "ts": column(times)}
        scipy.io.savemat(folder / f"{rat}-{name}_{cell}.mat", content)


def nwb_file(session, *, unit="meters", conversion=0.01, units=True, session_id=None, subject=...):
    """A session as on DANDI 000582: two lights in cm with a conversion, a units table with names and layers."""
    rat, name = SESSIONS[session]
    named = rat if subject is ... else subject
    file = pynwb.NWBFile(
        session_description="A rat running in a 1 x 1 meter enclosure.",
        identifier=f"{rat}-{name}",
        session_start_time=datetime.datetime(1900, 1, 1, tzinfo=datetime.UTC),
        session_id=session_id or name,
        subject=None
        if named is None
        else pynwb.file.Subject(subject_id=named, species="Rattus norvegicus", sex="M", age="P3M/P5M"),
    )
    position = pynwb.behavior.Position(name="Position")
    lights = {"SpatialSeriesLED1": in_cm(session)} | (
        {"SpatialSeriesLED2": second_light(session)} if session != 1 else {}
    )
    for light, data in lights.items():
        position.create_spatial_series(
            name=light,
            data=data,
            timestamps=TIMES,
            unit=unit,
            conversion=conversion,
            reference_frame="(0,0) is not known.",
        )
    file.create_processing_module(name="behavior", description="Processed.").add(position)
    if units:
        file.add_unit_column(name="unit_name", description="Tetrode and cell.")
        file.add_unit_column(name="histology", description="Layer.")
        file.add_unit_column(name="hemisphere", description="Side.")
        for cell, times in spikes(session).items():
            layer = "MEC LII" if cell == "t1c1" else ""
            file.add_unit(spike_times=times, unit_name=cell, histology=layer, hemisphere="Left")
    return file


def write_nwb(path, file):
    path.parent.mkdir(parents=True, exist_ok=True)
    with pynwb.NWBHDF5IO(str(path), "w") as opened:
        opened.write(file)
    return path


def nwb_path(folder, session):
    rat, name = SESSIONS[session]
    return folder / f"sub-{rat}" / f"sub-{rat}_ses-{name}_behavior.nwb"


def module_bytes(content):
    """An npz as numpy writes it: plain arrays, and dictionaries as 0-d object arrays, pickled."""
    buffer = io.BytesIO()
    np.savez(buffer, **content)
    return buffer.getvalue()


def zipped(files):
    """The archive on figshare: all files in one folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"Toroidal_topology_grid_cell_data/{name}", data)
    return buffer.getvalue()
