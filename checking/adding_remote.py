"""Adding a data set that lies elsewhere: a dandiset, or the address of a file or of a zip of files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from ..core.errors import InvalidInputError
from ..core.settings import Settings
from ..data_registry.files.downloading import Bytes
from ..data_registry.files.sources import Fetched, Offer, Selection, fetch_offer, find_offer
from .adding import CARD, KEPT, Added, Material, benchmark_cards, keep, refused_cards

__all__ = ["add_remote_dataset"]


def add_remote_dataset(
    source: str,
    card_path: Path | None,
    settings: Settings,
    *,
    patterns: Sequence[str] = (),
    large: bool = False,
    replace: bool = False,
    offered: Callable[[Offer], None],
    progress: Bytes,
) -> Added:
    """Fetch a data set, check it, and put it into the folder of one's own data sets.

    The card that is kept names each file with its address and hash, so that others fetch the same bytes by it. What
    was fetched of a data set with faults stays, and is not fetched again once they are put right.

    Parameters
    ----------
    source : str
        Such as ``dandi:000582/0.251111.2151`` or ``https://host/cells.nwb``.
    card_path : pathlib.Path or None
        The card, with the cards of benchmarks beside it; None where a zip has them.
    settings : Settings
        Settings with the folder of one's own data below `data_dir`, and the address of the DANDI archive.
    patterns : sequence of str
        Patterns of paths, of which a file has to match one; empty for all.
    large : bool, default=False
        Fetch more than 200 MB.
    replace : bool, default=False
        Whether a data set of one's own that has this name is replaced.
    offered : callable of Offer
        Called with what would be fetched, before anything is.
    progress : callable of (done, of)
        Called with the bytes that are here and the bytes in all, 0 where that is not known.

    Raises
    ------
    InvalidInputError
        If there is no card, nothing that is selected, or more than is taken without `large`; and as of
        :func:`~.adding.add_dataset`.
    InvalidDataError, ChecksumError
        If what the host gives is not what it must be.
    UnknownNameError
        If there is no such dandiset.
    MissingPartError
        If the source cannot be had, or the disk has no room.
    """
    if card_path is not None and (refused := _refused(_there(card_path), settings, replace=replace)):
        return refused
    selection = Selection(KEPT, tuple(patterns))
    offer = find_offer(source, selection, settings)
    if card_path is None and not offer.zipped:
        raise _without_card(offer)
    offered(offer)
    fetched = fetch_offer(offer, selection, settings, progress, large=large)
    if card_path is None:
        card_path = _card_inside(fetched, offer)
        if refused := _refused(card_path, settings, replace=replace):
            return refused
    benchmarks = benchmark_cards(card_path.parent)
    material = Material(card_path, fetched.root, fetched.files, benchmarks, fetched.pinned)
    added = keep(material, settings, replace=replace)
    if not added.faults:
        shutil.rmtree(fetched.folder)
    return added


def _refused(card_path: Path, settings: Settings, *, replace: bool) -> Added | None:
    return refused_cards(card_path, benchmark_cards(card_path.parent), settings, replace=replace)


def _there(card_path: Path) -> Path:
    if not card_path.is_file():
        raise InvalidInputError(f"The card {card_path}", got="nothing there", needed="a card of a data set")
    return card_path


def _card_inside(fetched: Fetched, offer: Offer) -> Path:
    path = fetched.root / CARD
    if not path.is_file():
        raise _without_card(offer)
    return path


def _without_card(offer: Offer) -> InvalidInputError:
    return InvalidInputError(
        f"The data set {offer.title}",
        got="no card",
        needed=f"with a card: --card FILE, or {CARD} in a zip",
        hint="docs/adding-a-data-set.md shows some.",
    )
