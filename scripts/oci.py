"""Writes a directory as an OCI image of one layer: ROOT LAYOUT VERSION ARCH.

The format is that of github.com/opencontainers/image-spec, version 1.0.2. The
time of all files is SOURCE_DATE_EPOCH, so the same files give the same image.
"""

import gzip
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

OCI = "application/vnd.oci.image."
ROOT, LAYOUT = Path(sys.argv[1]), Path(sys.argv[2])
VERSION, ARCH = sys.argv[3:]
EPOCH = int(os.environ["SOURCE_DATE_EPOCH"])
CONFIG = {
    "User": "33:33",
    "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "MIRRORBOOT_PORT=8080",
            "MIRRORBOOT_CATALOG=/usr/libexec/mirrorboot/catalog.json",
            "MIRRORBOOT_TEMPLATES=/config/templates"],
    "Entrypoint": ["/usr/libexec/mirrorboot/start"],
    "ExposedPorts": {"8080/tcp": {}},
    "StopSignal": "SIGTERM",
    "Labels": {"org.opencontainers.image.title": "mirrorboot",
               "org.opencontainers.image.version": VERSION},
}


def blob(content, kind):
    """Write content under its sum; what others say of it."""
    digest = hashlib.sha256(content).hexdigest()
    (LAYOUT / "blobs/sha256" / digest).write_bytes(content)
    return {"mediaType": OCI + kind, "digest": f"sha256:{digest}",
            "size": len(content)}


def main():
    (LAYOUT / "blobs/sha256").mkdir(parents=True)
    layer = subprocess.run(
        ["tar", "-C", ROOT, "--sort=name", "--numeric-owner", "--format=gnu",
         f"--mtime=@{EPOCH}", "-cf", "-", "."], check=True,
        stdout=subprocess.PIPE).stdout
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(EPOCH))
    config = {
        "created": created, "architecture": ARCH, "os": "linux",
        "config": CONFIG,
        "rootfs": {"type": "layers", "diff_ids": [
            "sha256:" + hashlib.sha256(layer).hexdigest()]},
        "history": [{"created": created, "created_by": "scripts/image"}],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI + "manifest.v1+json",
        "config": blob(json.dumps(config).encode(), "config.v1+json"),
        "layers": [blob(gzip.compress(layer, 6, mtime=0),
                        "layer.v1.tar+gzip")],
    }
    index = {"schemaVersion": 2, "manifests": [
        {**blob(json.dumps(manifest).encode(), "manifest.v1+json"),
         "platform": {"architecture": ARCH, "os": "linux"},
         "annotations": {"org.opencontainers.image.ref.name":
                         f"localhost/mirrorboot:{VERSION}"}}]}
    (LAYOUT / "index.json").write_text(json.dumps(index))
    (LAYOUT / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


main()
