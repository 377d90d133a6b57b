"""The card of a data set that tests make up."""

from innerscore.core.cards import DatasetCard


def card_of_files(*files):
    """The card of a data set of these files, in the folder ``some``."""
    return DatasetCard(
        identifier="Some2020",
        title="t",
        description="A data set with one file in it.",
        licence="x",
        citation="y",
        entry="a:b",
        simulated=False,
        species="s",
        regions=("r",),
        folder="some",
        files=files,
    )
