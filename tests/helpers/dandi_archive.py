"""The DANDI archive's interface on a host of this machine, as far as a dandiset's files are asked for.

As dandi-archive answers: a dandiset with its newest published version, assets in pages of two with links to the
next one, the metadata of each asset with its digest, which the list has of published ones alone, and downloads that
lead to a store of blobs.
"""

import hashlib
import json
import uuid

from http_host import Host, Page

VERSION = "0.251111.2151"


def serve_dandiset(
    host: Host, files, *, number="000582", version=VERSION, published=True, hashes=True
) -> str:
    """Put a dandiset there; the address of the interface."""
    api = host.address("/api")
    newest = {"version": version, "asset_count": len(files)} if published else None
    about = {"identifier": number, "embargo_status": "OPEN", "most_recent_published_version": newest}
    add_json(host, f"/api/dandisets/{number}/", about)
    home = f"/api/dandisets/{number}/versions/{version}/assets/"
    computed = {path: metadata(path, body, hashes) for path, body in sorted(files.items())}
    assets = [
        {"asset_id": str(asset_id(path)), "blob": "b", "zarr": None, "path": path, "size": len(files[path])}
        | {"metadata": whole if published else {"path": path}}
        for path, whole in computed.items()
    ]
    for first in range(0, max(len(assets), 1), 2):
        add_page(host, home, assets, first)
    for path, body in files.items():
        one = f"{home}{asset_id(path)}/"
        add_json(host, one, computed[path])
        blob = host.add(f"/blobs/{asset_id(path)}", Page(body, etag='"0-1"'))
        host.add(f"{one}download/", Page(status=302, headers={"Location": blob}))
    return api


def metadata(path, body, hashes):
    """Metadata of an asset with what the archive computes."""
    digest = {"dandi:dandi-etag": "0-1"}
    if hashes:
        digest["dandi:sha2-256"] = hashlib.sha256(body).hexdigest()
    return {"path": path, "contentSize": len(body), "digest": digest}


def asset_id(path):
    return uuid.uuid5(uuid.NAMESPACE_URL, path)


def add_json(host, path, content, status=200):
    return host.add(path, Page(json.dumps(content).encode(), status, kind="application/json"))


def page_address(home, first):
    page = f"&page={first // 2 + 1}" if first else ""
    return f"{home}?metadata=true&order=path{page}&page_size=100"


def add_page(host, home, assets, first):
    following = host.address(page_address(home, first + 2)) if first + 2 < len(assets) else None
    content = {"count": len(assets) if first == 0 else None, "next": following, "previous": None}
    add_json(host, page_address(home, first), {**content, "results": assets[first : first + 2]})
