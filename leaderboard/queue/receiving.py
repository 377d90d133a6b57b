"""Taking a bundle in: the same checks wherever it comes from, and nothing kept of one that fails them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ...core.bundles import Bundle, read_bundle
from ...core.errors import UnknownNameError
from ...core.registry import closest_names
from .bundle_store import BundleStore
from .queue import LOCAL, Queue, name_taken, version_taken
from .quotas import Quotas, check_bytes
from .submission import Submission

__all__ = ["receive"]


def receive(
    data: bytes,
    benchmarks: Sequence[str],
    queue: Queue,
    bundles: BundleStore,
    *,
    known: Collection[str],
    reserved: Collection[str],
    submitter: str = LOCAL,
    quotas: Quotas | None = None,
) -> Submission:
    """Check a bundle, keep it, and queue it.

    Parameters
    ----------
    data : bytes
        The zip.
    benchmarks : sequence of str
        Benchmarks to score it on; all that are known, if empty.
    queue, bundles : Queue, BundleStore
        Queue and bundles of the board.
    known : collection of str
        The benchmarks that there are.
    reserved : collection of str
        Names of candidates that no submission may have.
    submitter : str
        Owner of the token it came with, or ``"local"``.
    quotas : Quotas, optional
        Most that the submitter may have; by default as much as there is room for.

    Returns
    -------
    submission : Submission
        The receipt.

    Raises
    ------
    InvalidInputError
        If the bundle may not be, its name is taken, or its version is another bundle's.
    QuotaError
        If the submitter has enough.
    UnknownNameError
        If there is no such benchmark.
    """
    bundle = read_bundle(data)
    for name in benchmarks:
        if name not in known:
            raise UnknownNameError("benchmark", name[:200], closest_names(name, known))
    name = bundle.card.identifier
    if name in reserved:
        raise name_taken(name, "one that is registered here")
    queue.check_free(bundle, submitter)
    _refuse_version_of_pending(bundle, queue, bundles)
    wanted = benchmarks or sorted(known)
    here = queue.known(bundle, wanted, submitter=submitter)
    if here is not None and here.zip_sha256 != bundle.zip_sha256:
        return here  # the same files in another zip, packed a second later for instance
    if here is None and quotas is not None:
        queue.check_quotas(bundle, submitter, quotas)
        others = queue.bundles_of(submitter) - {bundle.zip_sha256}
        check_bytes(quotas, bundles.sizes(others), len(data))
    bundles.keep(bundle, data)
    return queue.submit(bundle, wanted, submitter=submitter, quotas=quotas)


def _refuse_version_of_pending(bundle: Bundle, queue: Queue, bundles: BundleStore) -> None:
    """Refuse the version of another bundle that waits to be scored."""
    for one in queue.pending(bundle.card.identifier):
        if one.content_sha256 == bundle.content_sha256:
            continue
        if bundles.read(one.zip_sha256).card.version == bundle.card.version:
            raise version_taken(bundle, one.content_sha256)
