"""Loader of Bear et al. 2021: people's judgements out of public tables, and the videos where they are here."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from ...core.errors import InvalidDataError, MissingPartError
from ...core.labelled import recording
from ...core.stimuli import FrameClip, StimulusSet
from ..files.downloading import download
from ..files.fetching import locate_file
from ..interface import CardDataset, Progress, check_region
from .videos import decode_clip

__all__ = ["SCENARIOS", "Bear2021"]

# Scenario, and how it is spelled in the names of the public tables.
SCENARIOS = {
    "dominoes": "dominoes_pilot-production_1",
    "support": "towers_pilot-production_2",
    "collide": "collision_pilot-production_2",
    "contain": "containment_pilot-production_2",
    "drop": "drop_pilot-production_2",
    "link": "linking_pilot-production_2",
    "roll": "rollingsliding_pilot-production_2",
    "drape": "clothiness_pilot-production_2",
}
REGION = "judgement"
TESTING, READOUT_TRAINING = "testing", "readout_training"

_LABELS, _READOUT_LABELS = "stimulus_names_and_labels.csv", "readout_labels.csv"
_COLUMNS = {
    "human": ("stim_ID", "correct", "c"),
    "labels": ("stim_ID", "scenario", "stim_url", "label"),
    "games": ("gameID",),
}


class Bear2021(CardDataset):
    """The data set; see its card."""

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a video.

        Columns: ``stimulus_id``, ``scenario``, ``label`` (whether contact happens), ``fraction_correct``,
        ``n_people``, ``p_yes`` (share of people who said that it will), ``url`` of the video.
        """
        labels = self._read(_LABELS, "labels").set_index("stim_ID")
        human = pd.concat([self._human(scenario) for scenario in SCENARIOS], ignore_index=True)
        unknown = sorted(set(human["stim_ID"]) - set(labels.index))
        if unknown:
            raise InvalidDataError(
                f"The file {_LABELS} of '{self.card.identifier}'",
                got=f"no row for {unknown[:3]} ({len(unknown)} videos)",
                needed="with a label for every video that people judged",
            )
        rows = labels.loc[human["stim_ID"]]
        correct, label = human["correct"].to_numpy(), rows["label"].to_numpy(dtype=bool)
        return pd.DataFrame(
            {
                "stimulus_id": human["stim_ID"].to_numpy(),
                "scenario": human["scenario"].to_numpy(),
                "label": label,
                "fraction_correct": correct,
                "n_people": human["c"].to_numpy(),
                "p_yes": np.where(label, correct, 1 - correct),
                "url": rows["stim_url"].to_numpy(),
            }
        )

    @cached_property
    def excluded_games(self) -> tuple[str, ...]:
        """Sessions that the authors left out of the tables."""
        return tuple(map(str, self._read("excluded_games.csv", "games")["gameID"]))

    def recording(self, region: str) -> xr.DataArray:
        """The share of people who said that there will be contact.

        Parameters
        ----------
        region : {"judgement"}

        Returns
        -------
        judgements : assembly of dims (presentation, neuroid)
            One presentation a video, one neuroid for all people; coordinates ``scenario``, ``label`` and
            ``n_people`` on presentations.
        """
        check_region(self.card, region)
        table = self.table
        columns = {
            name: table[name].to_numpy() for name in ("scenario", "label", "n_people", "fraction_correct")
        }
        names = table["stimulus_id"].to_numpy(dtype=str)
        return recording(
            table["p_yes"].to_numpy()[:, None],
            presentation={
                "stimulus_id": names,
                "condition": names,
                "repetition": np.zeros(len(names), dtype=int),
                **{**columns, "scenario": columns["scenario"].astype(str)},
            },
            neuroid={"neuroid_id": ["people"], "animal": ["people"], "region": [REGION]},
            attrs={"units": "share of people who said that there will be contact", "simulated": "no"},
        )

    def stimuli(self, *, size: int = 64) -> StimulusSet:
        """The judged videos and, where they are here, those that the read-out is trained on.

        Files are looked for below the data and the mirror folder, as ``videos/testing/<id>_img.mp4`` and
        ``videos/readout_training/<id>_img.mp4``. Frames as published: 25 of them, every 6th from the start, of
        which the first 7 are the context (Nayebi et al. 2023).

        Parameters
        ----------
        size : int, default=64
            Height and width in pixels; all clips are held in memory.

        Returns
        -------
        stimuli : StimulusSet
            The table has ``role`` (``testing`` or ``readout_training``), ``scenario`` and ``label``.

        Raises
        ------
        MissingPartError
            If a judged video, or a decoder, is not here; the video's public address is named.
        """
        training = self._readout_rows()
        rows = pd.concat([self.table.assign(role=TESTING), training], ignore_index=True)
        clips = tuple(
            self.clip(name, role, size=size)
            for name, role in zip(rows["stimulus_id"], rows["role"], strict=True)
        )
        return StimulusSet(self.card.identifier, clips, rows[["stimulus_id", "role", "scenario", "label"]])

    def fetch_further(self, progress: Progress | None = None) -> None:
        """Download the judged videos that are not here, each from its public address; can be interrupted.

        Their bytes are not pinned: a record names what was seen by the hash of the decoded clips.

        Parameters
        ----------
        progress : callable of (stage, done, of), optional
            Called with the number of videos on this machine.

        Raises
        ------
        MissingPartError
            If downloads are switched off or one fails.
        """
        names, urls = self.table["stimulus_id"], self.table["url"]
        for done, (name, url) in enumerate(zip(names, urls, strict=True), start=1):
            if self._video(name, TESTING) is None:
                self._fetch_video(name, url)
            if progress is not None:
                progress("videos", done, len(names))

    def clip(self, stimulus_id: str, role: str = TESTING, *, size: int = 64) -> FrameClip:
        """One video as a clip, decoded now; for pipelines that cannot hold all of them."""
        path = self._video(stimulus_id, role)
        if path is None:
            raise self._missing_video(stimulus_id, role)
        return decode_clip(path, stimulus_id, size=size)

    def _human(self, scenario: str) -> pd.DataFrame:
        table = self._read(f"human_accuracy-{SCENARIOS[scenario]}_testing.csv", "human")
        bad = ~table["correct"].between(0, 1) | (table["c"] < 1)
        if bad.any():
            raise InvalidDataError(
                f"The field 'correct' of the table of '{scenario}'",
                got=f"{bad.sum()} rows out of range",
                needed="in 0..1, of 1 person or more",
            )
        return table.assign(scenario=scenario)

    def _read(self, name: str, kind: str) -> pd.DataFrame:
        path = locate_file(self.card, name, self._settings)
        try:
            table = pd.read_csv(path)
        except (ValueError, UnicodeDecodeError) as error:
            raise InvalidDataError(f"The file {path}", got=str(error), needed="a table (CSV)") from error
        absent = [column for column in _COLUMNS[kind] if column not in table]
        if absent:
            raise InvalidDataError(f"The field '{absent[0]}' of {path}", got="missing", needed="present")
        return table

    def _readout_rows(self) -> pd.DataFrame:
        """The videos for the read-out that are here and have a label."""
        folder = next(filter(Path.is_dir, self._folders(READOUT_TRAINING)), None)
        columns = ["stimulus_id", "role", "scenario", "label"]
        if folder is None:
            return pd.DataFrame(columns=columns)
        labels = pd.read_csv(locate_file(self.card, _READOUT_LABELS, self._settings), index_col=0).iloc[:, 0]
        names = sorted(path.name.removesuffix("_img.mp4") for path in folder.glob("*_img.mp4"))
        known = [name for name in names if name in labels.index]
        rows = {"stimulus_id": known, "label": labels.loc[known].to_numpy(dtype=bool)}
        return pd.DataFrame(rows).assign(role=READOUT_TRAINING, scenario="")[columns]

    def _folders(self, role: str) -> list[Path]:
        roots = [self._settings.data_dir] + ([self._settings.mirror] if self._settings.mirror else [])
        return [root / self.card.folder / "videos" / role for root in roots]

    def _video(self, stimulus_id: str, role: str) -> Path | None:
        paths = (folder / f"{stimulus_id}_img.mp4" for folder in self._folders(role))
        return next(filter(Path.is_file, paths), None)

    def _fetch_video(self, name: str, url: str) -> None:
        if self._settings.offline:
            raise self._missing_video(name, TESTING)
        try:
            download(url, self._folders(TESTING)[0] / f"{name}_img.mp4")
        except OSError as error:
            raise self._missing_video(name, TESTING) from error

    def _missing_video(self, stimulus_id: str, role: str) -> MissingPartError:
        urls = self.table.set_index("stimulus_id")["url"]
        where = urls.get(stimulus_id, "the public Physion data set")
        return MissingPartError(
            f"The video '{stimulus_id}' ({role}) of '{self.card.identifier}'",
            got="nothing",
            needed="in the data folder or the mirror folder",
            hint=f"Save {where} as {self._folders(role)[0] / f'{stimulus_id}_img.mp4'}, "
            "or score a table of probabilities, which needs no video.",
        )
