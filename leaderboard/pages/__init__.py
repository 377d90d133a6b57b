"""Pages: what a server shows and an export writes, from the same templates."""

from .contents import BoardContents, Clip
from .site import Document, Site
from .snapshot import Snapshot, take_snapshot
from .static_site import write_site

__all__ = ["BoardContents", "Clip", "Document", "Site", "Snapshot", "take_snapshot", "write_site"]
