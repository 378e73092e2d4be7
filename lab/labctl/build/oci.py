# SPDX-License-Identifier: GPL-3.0-or-later
"""Container images without a container engine: layers and archives in the OCI image layout.

Equal contents give equal bytes: entries are sorted, owned by root and dated 1970, JSON is sorted.
https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md
"""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
# Uncompressed: the archive stays on this machine, where reading is faster than decompressing.
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}  # machine: Go's name, as OCI uses it


@dataclass(frozen=True)
class Image:
    """An image by its full names (registry/path:tag) and its layers, lowest first."""

    names: tuple[str, ...]
    layers: tuple[Path, ...]
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


class Layer:
    """Files of one layer, by their absolute paths in the image."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[tarfile.TarInfo, Path | bytes]] = {}

    def folder(self, path: str, mode: int = 0o755) -> None:
        """Add a folder; needed only for empty ones and for other modes than 0755."""
        self._add(path, tarfile.DIRTYPE, mode)

    def link(self, path: str, target: str) -> None:
        """Add a symbolic link."""
        self._add(path, tarfile.SYMTYPE, 0o777).linkname = target

    def file(self, path: str, content: Path | str, mode: int | None = None) -> None:
        """Add a file from a file or a text; mode defaults to 0755 for an executable source, else to 0644."""
        if isinstance(content, str):
            info = self._add(path, tarfile.REGTYPE, mode or 0o644, content.encode())
            info.size = len(content.encode())
        else:
            status = content.stat()
            info = self._add(
                path, tarfile.REGTYPE, mode or (0o755 if status.st_mode & 0o100 else 0o644), content)
            info.size = status.st_size

    def tree(self, path: str, source: Path) -> None:
        """Add every file under a folder."""
        for item in source.rglob("*"):
            if item.is_file():
                self.file(f"{path}/{item.relative_to(source)}", item)

    def write(self, target: Path) -> Path:
        """Write the layer and return its path."""
        with tarfile.open(target, "w") as archive:
            for _, (info, content) in sorted(self._entries.items()):
                if isinstance(content, Path):
                    with open(content, "rb") as file:
                        archive.addfile(info, file)
                else:
                    archive.addfile(info, io.BytesIO(content))
        return target

    def _add(self, path: str, kind: bytes, mode: int, content: Path | bytes = b"") -> tarfile.TarInfo:
        info = tarfile.TarInfo(path.strip("/"))
        info.type = kind
        info.mode = mode
        self._entries[info.name] = info, content
        return info


def write_archive(target: Path, images: Sequence[Image]) -> None:
    """Write images into one archive for `ctr images import`; a layer that several share is stored once."""
    with tarfile.open(target, "w") as archive:
        layers: dict[Path, Mapping[str, Any]] = {}
        for path in dict.fromkeys(path for image in images for path in image.layers):
            layers[path] = _add_file(archive, LAYER_TYPE, path)
        manifests = []
        for image in images:
            manifest = _manifest(archive, image, [layers[path] for path in image.layers])
            manifests += [{**manifest, "annotations": _annotations(name)} for name in image.names]
        _add_bytes(archive, "index.json",
                   _json({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": manifests}))
        _add_bytes(archive, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))


def _annotations(name: str) -> dict[str, str]:
    return {
        "io.containerd.image.name": name,  # the name that containerd's import gives the image
        "org.opencontainers.image.ref.name": name.rpartition(":")[2],
    }


def _manifest(archive: tarfile.TarFile, image: Image, layers: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Add an image's configuration and manifest; the descriptor of the manifest."""
    configuration = {
        "architecture": ARCHITECTURES[platform.machine()],
        "os": "linux",
        "config": {
            "Env": [f"{key}={value}" for key, value in sorted(image.environment.items())],
            "Entrypoint": list(image.entrypoint),
            "Cmd": list(image.command),
        },
        # Of uncompressed layers, content and blob have the same digest.
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
    }
    return _add_blob(archive, MANIFEST_TYPE, _json({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": _add_blob(archive, CONFIG_TYPE, _json(configuration)),
        "layers": layers,
    }))


def _add_blob(archive: tarfile.TarFile, media_type: str, data: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(data).hexdigest()
    _add_bytes(archive, f"blobs/sha256/{digest}", data)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}


def _add_file(archive: tarfile.TarFile, media_type: str, path: Path) -> dict[str, Any]:
    with open(path, "rb") as file:
        sha256 = hashlib.sha256()
        while chunk := file.read(1 << 20):
            sha256.update(chunk)
        digest = sha256.hexdigest()
        info = tarfile.TarInfo(f"blobs/sha256/{digest}")
        info.size = file.tell()
        file.seek(0)
        archive.addfile(info, file)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": info.size}


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True).encode()
