"""Adding and removing data sets of one's own: checked next to their place, and kept whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from ..benchmarks import load_benchmarks
from ..core.cards import BenchmarkCard, DataFile, DatasetCard, read_card
from ..core.errors import InnerscoreError, InvalidInputError
from ..core.first_reading import read_apart
from ..core.hdf5_links import refuse_outside_parts
from ..core.safe_yaml import read_mapping
from ..core.settings import Settings
from ..core.whole_folder import whole_folder
from ..data_registry.declared_fields import ARRAY_ENDINGS
from ..data_registry.files.folder import own_files
from ..data_registry.files.lock_file import accept, forget, refuse_changed
from ..data_registry.interface import load_dataset, registry
from ..data_registry.readers.pictures import PICTURE_ENDINGS
from ..data_registry.sharing import may_leave, note_private
from .benchmarks import check_benchmark
from .datasets import check_dataset, read_regions, region_notes, region_summaries
from .faults import Fault, card_faults, fault_of
from .targets import Target, name_faults

__all__ = [
    "CARD",
    "KEPT",
    "Added",
    "Material",
    "add_dataset",
    "benchmark_cards",
    "keep",
    "refused_cards",
    "remove_dataset",
]

CARD = "dataset.yaml"
_OURS = "innerscore."
KEPT = (*ARRAY_ENDINGS, *PICTURE_ENDINGS)
_TO_REPLACE = "If the data were meant to change, add them with --replace."


@dataclass(frozen=True)
class Added:
    """The result of adding a data set.

    Parameters
    ----------
    faults : tuple of Fault
        Faults to put right; with any, nothing was kept.
    name : str
        Name of the data set; empty if its card is not valid.
    folder : pathlib.Path or None
        Folder it was put in.
    files, benchmarks : tuple of str
        Files that were put there, by path in the folder, and the names of its benchmarks.
    private : bool
        Whether its licence keeps it, and what is made of it, out of exports.
    notes : tuple of str
        Notes on what is left out of its recordings, and why.
    summary : tuple of str
        What was read of each region, and how reliable it is.
    """

    faults: tuple[Fault, ...]
    name: str = ""
    folder: Path | None = None
    files: tuple[str, ...] = ()
    benchmarks: tuple[str, ...] = ()
    private: bool = True
    notes: tuple[str, ...] = ()
    summary: tuple[str, ...] = ()


@dataclass(frozen=True)
class Material:
    """Files that a data set is made of, before they are checked and kept.

    Parameters
    ----------
    card : pathlib.Path
        Its card.
    root : pathlib.Path
        Folder that `files` are in, as its user knows it.
    files : mapping of str to pathlib.Path
        Data files by their paths in the data set's folder.
    benchmarks : tuple of pathlib.Path
        Cards of benchmarks.
    pinned : tuple of DataFile
        The same files as they lie elsewhere, each with its hash, which the kept card names; empty where they lie
        nowhere else.
    """

    card: Path
    root: Path
    files: Mapping[str, Path]
    benchmarks: tuple[Path, ...]
    pinned: tuple[DataFile, ...] = ()


def add_dataset(source: Path, card_path: Path | None, settings: Settings, *, replace: bool = False) -> Added:
    """Check a data set and put it into the folder of one's own data sets.

    Parameters
    ----------
    source : pathlib.Path
        A folder with ``dataset.yaml``, data files and perhaps cards of benchmarks; or one data file.
    card_path : pathlib.Path or None
        The card, where it is not in the folder.
    settings : Settings
        Settings with the folder of one's own data below `data_dir`.
    replace : bool, default=False
        Whether a data set of one's own that has this name is replaced. Its records stay: they are of other data.

    Raises
    ------
    InvalidInputError
        If there is no card or no data file, a name is taken, or a file points to others.
    MissingPartError
        If reading the files needs an extra that is not installed.
    """
    path = _card_path(source, card_path)
    benchmarks = benchmark_cards(source) if source.is_dir() else ()
    if refused := refused_cards(path, benchmarks, settings, replace=replace):
        return refused
    root = source if source.is_dir() else source.parent
    return keep(Material(path, root, _data_files(source, root), benchmarks), settings, replace=replace)


def refused_cards(
    path: Path, benchmarks: Sequence[Path], settings: Settings, *, replace: bool
) -> Added | None:
    """The faults of a data set's card and of its benchmarks' cards, by these alone; None if there are none."""
    faults = card_faults(path, DatasetCard)
    if faults:
        return Added(tuple(faults))
    card = read_card(path, DatasetCard)
    home = settings.own_datasets / card.identifier if replace else path.parent
    faults = [*_entry_faults(card, path), *_folder_faults(card, path, settings)]
    faults += name_faults(Target("dataset", (home / CARD).resolve()), card.identifier, settings)
    faults += _benchmark_faults(benchmarks, card, home, settings)
    return Added(tuple(faults), card.identifier) if faults else None


def remove_dataset(name: str, settings: Settings) -> Path:
    """Remove a data set of one's own with its benchmarks and the checksums of its files.

    Its records stay in the store; those of a private data set stay private.

    Returns
    -------
    folder : pathlib.Path
        The folder that is gone.

    Raises
    ------
    UnknownNameError
        If no data set has that name.
    InvalidInputError
        If it is not one that :func:`add_dataset` put there.
    """
    found, place = registry(settings).find(name), settings.own_datasets / name
    if found.path != (place / CARD).resolve():
        raise InvalidInputError(
            f"The data set '{name}'",
            got=f"one of {found.path.parent}",
            needed="one of your own that 'innerscore data add' added",
            hint="One of a plugin folder goes when INNERSCORE_PLUGINS no longer names the folder.",
        )
    if not may_leave(found.card):
        note_private(found.card, settings)
    leaving = place.with_name(f".{name}.{os.getpid()}.part")  # half of one is never seen, if this dies
    place.rename(leaving)
    shutil.rmtree(leaving)
    forget(found.card.folder, settings)
    return place


def keep(material: Material, settings: Settings, *, replace: bool) -> Added:
    """Check a data set whose cards have no faults, and keep it whole or not at all.

    Raises
    ------
    InvalidInputError, MissingPartError
        As :func:`add_dataset`.
    """
    _refuse_links(material.files.values())
    card = read_card(material.card, DatasetCard).model_copy(update={"files": material.pinned})
    place = settings.own_datasets / card.identifier
    replaceable = [one.name for one in place.iterdir()] if replace and place.is_dir() else []
    try:
        with whole_folder(place, replaceable=replaceable) as new:
            if not replace:
                for name, file in material.files.items():
                    refuse_changed(f"{card.folder}/{name}", file, settings, hint=_TO_REPLACE)
            _fill(new, material)
            summary, notes = _check_copy(new, material, card, settings)
            if not may_leave(card):
                note_private(card, settings)  # first: at no time are there records of it that might leave
    except _FaultyError as found:
        return Added(found.faults, card.identifier)
    for name in material.files if replace else ():
        accept(f"{card.folder}/{name}", place / name, settings)
    own_files(card, KEPT, settings)  # locks the checksums that the card has not
    names = tuple(read_card(one, BenchmarkCard).identifier for one in material.benchmarks)
    return Added(
        (), card.identifier, place, tuple(material.files), names, not may_leave(card), notes, summary
    )


def _fill(new: Path, material: Material) -> None:
    """Put files and cards into the new folder; what was fetched for it is linked, not copied."""
    home, put = material.card.parent, _link if material.pinned else shutil.copyfile
    for name, file in material.files.items():
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        put(file, new / name)
    for file in [*material.benchmarks, *_templates(home)]:
        copy = new / file.relative_to(home)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    (new / CARD).write_bytes(_card_bytes(material))


def _link(file: Path, place: Path) -> None:
    """One file under a second name, of which the first will go; on two disks a copy."""
    try:
        place.hardlink_to(file)
    except OSError:
        shutil.copyfile(file, place)


def _card_bytes(material: Material) -> bytes:
    """The card as it is, or with the files as they lie elsewhere."""
    data = material.card.read_bytes()
    if not material.pinned:
        return data
    files = [file.model_dump(exclude_defaults=True) for file in material.pinned]
    content = {**read_mapping(data, f"The card {material.card}"), "files": files}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110).encode()


class _FaultyError(Exception):
    """Leaves the block in which a folder is made, so that it is not kept."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__(faults)


def _check_copy(
    folder: Path, material: Material, card: DatasetCard, settings: Settings
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Check what is to be kept, under settings for which it is there already; what they lock is forgotten.

    Returns the summary of what was read, and the notes. Faults name the files of which these are copies.
    """
    with tempfile.TemporaryDirectory() as temporary:
        update = {"data_dir": Path(temporary), "mirror": None, "plugins": (*settings.plugins, folder)}
        trial = settings.model_copy(update=update)
        trial.own_datasets.mkdir()
        copy = trial.own_datasets / card.identifier
        copy.symlink_to(folder, target_is_directory=True)
        dataset = load_dataset(card.identifier, trial)
        faults = check_dataset(dataset, material.card) or _score_faults(material.benchmarks, trial)
        if faults:
            raise _FaultyError(tuple(_of_originals(fault, copy, material.root) for fault in faults))
        recordings = read_regions(dataset, card.regions)
        return tuple(region_summaries(recordings)), tuple(region_notes(recordings))


def _of_originals(fault: Fault, copy: Path, root: Path) -> Fault:
    """A fault of a copied folder in terms of the folder that its user knows."""
    texts = (fault.file, fault.reason, fault.fix)
    return Fault(*(text.replace(str(copy), str(root)) for text in texts))


def _score_faults(cards: Sequence[Path], settings: Settings) -> list[Fault]:
    """Benchmarks that could not be scored."""
    names = [read_card(path, BenchmarkCard).identifier for path in cards]
    checked = zip(load_benchmarks(names, settings), cards, strict=True)
    try:
        return [fault for benchmark, path in checked for fault in check_benchmark(benchmark, path)]
    except InnerscoreError as error:
        return [fault_of(error, cards[0])]


def _card_path(source: Path, card_path: Path | None) -> Path:
    path = card_path or (source / CARD if source.is_dir() else source.with_name(CARD))
    if not source.exists() or not path.is_file():
        raise InvalidInputError(
            f"The data set {source}",
            got="nothing there" if not source.exists() else f"no card {path}",
            needed=f"a folder with {CARD} and data files, or a data file with its card",
            hint="Name the card by --card; docs/adding-a-data-set.md shows some.",
        )
    return path


def _data_files(source: Path, root: Path) -> dict[str, Path]:
    """The files by their paths in the data set's folder, `root`."""
    found = sorted(source.rglob("*")) if source.is_dir() else [source]
    files = {
        path.relative_to(root).as_posix(): path
        for path in found
        if path.suffix.lower() in KEPT and (path.is_file() or path.is_symlink())
    }
    if not files:
        raise InvalidInputError(
            f"The data set {source}", got="no data file", needed=f"with files of {', '.join(KEPT)}"
        )
    return files


def _refuse_links(paths: Collection[Path]) -> None:
    """Refuse files that are elsewhere, have parts elsewhere, or kill who reads them."""
    for path in paths:
        if path.is_symlink():
            hint = "Put the file itself there."
            raise InvalidInputError(f"The file {path}", got="a symbolic link", needed="a file", hint=hint)
    read_apart(paths)
    for path in paths:
        refuse_outside_parts(path)


def benchmark_cards(folder: Path) -> tuple[Path, ...]:
    """The cards of benchmarks in a folder, sorted."""
    return tuple(sorted(folder.glob("*benchmark.yaml")))


def _templates(folder: Path) -> list[Path]:
    """What the cards of benchmarks may extend and cite."""
    return sorted(folder.glob("templates/*.template.yaml")) + sorted(folder.glob("templates/references.bib"))


def _entry_faults(card: DatasetCard, path: Path) -> list[Fault]:
    faults = []
    if not card.entry.startswith(_OURS):
        fix = (
            "Use an entry of innerscore.data_registry; a loader of your own stays in a folder that "
            "INNERSCORE_PLUGINS names."
        )
        faults.append(Fault(str(path), f"key 'entry' names code of your own, {card.entry}", fix))
    if card.files:
        fix = (
            "Leave 'files' out: what is added is taken whole, and its checksums are kept. A card that lists files "
            "goes into a folder that INNERSCORE_PLUGINS names; 'innerscore data fetch' brings them."
        )
        faults.append(Fault(str(path), "key 'files' lists files", fix))
    return faults


def _folder_faults(card: DatasetCard, path: Path, settings: Settings) -> list[Fault]:
    """The folder of another data set, whose files and checksums would be taken for this one's."""
    others = [
        name
        for name, entry in registry(settings).entries().items()
        if entry.card.folder == card.folder and name != card.identifier
    ]
    if not others:
        return []
    reason = f"key 'folder': '{card.folder}' is the folder of {others[0]}, too"
    return [Fault(str(path), reason, "Choose another name for the folder.")]


def _benchmark_faults(
    cards: Iterable[Path], card: DatasetCard, home: Path, settings: Settings
) -> list[Fault]:
    """Benchmark cards in the folder: valid, of this data set, and new but for those in the folder `home`."""
    faults: list[Fault] = []
    for path in cards:
        found = card_faults(path, BenchmarkCard)
        faults += found
        if found:
            continue
        benchmark = read_card(path, BenchmarkCard)
        at = (home / path.name).resolve()
        faults += name_faults(Target("benchmark", at), benchmark.identifier, settings)
        if benchmark.dataset != card.identifier:
            reason = f"key 'dataset' names {benchmark.dataset}"
            faults.append(Fault(str(path), reason, f"Name {card.identifier}, or leave the card out."))
    return faults
