"""The DANDI archive's interface on a host of this machine, as far as a dandiset's files are asked for.

As dandi-archive answers: a dandiset with its newest published version, assets in pages of two with links to the
next one, the metadata of each asset with its digest, and downloads that lead to a store of blobs.
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
    assets = [
        {"asset_id": str(asset_id(path)), "blob": "b", "zarr": None, "path": path, "size": len(body)}
        for path, body in sorted(files.items())
    ]
    for first in range(0, max(len(assets), 1), 2):
        add_page(host, home, assets, first)
    for path, body in files.items():
        digest = {"dandi:dandi-etag": "0-1"}
        if hashes:
            digest["dandi:sha2-256"] = hashlib.sha256(body).hexdigest()
        one = f"{home}{asset_id(path)}/"
        add_json(host, one, {"path": path, "contentSize": len(body), "digest": digest})
        blob = host.add(f"/blobs/{asset_id(path)}", Page(body, etag=f'"{digest["dandi:dandi-etag"]}"'))
        host.add(f"{one}download/", Page(status=302, headers={"Location": blob}))
    return api


def asset_id(path):
    return uuid.uuid5(uuid.NAMESPACE_URL, path)


def add_json(host, path, content, status=200):
    return host.add(path, Page(json.dumps(content).encode(), status, kind="application/json"))


def page_address(home, first):
    return (
        f"{home}?order=path&page={first // 2 + 1}&page_size=1000"
        if first
        else f"{home}?page_size=1000&order=path"
    )


def add_page(host, home, assets, first):
    following = host.address(page_address(home, first + 2)) if first + 2 < len(assets) else None
    content = {"count": len(assets) if first == 0 else None, "next": following, "previous": None}
    add_json(host, page_address(home, first), {**content, "results": assets[first : first + 2]})
