# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of Alluxio's mount table and of the line in which Fluid passes a mount to Alluxio. Pure.

Fluid's script in the masters runs `bash -c "alluxio fs mount <line>"`, without quotes around the parts
(charts/alluxio/templates/config/alluxio-mount-conf.yaml). Characters of the shell would be interpreted there.
"""

from __future__ import annotations

import re

from ..errors import InvalidInput

# Brackets, '~', '#' and '!' within a word stay as they are, and URLs have them.
_SHELL = re.compile(r"""[\s\x00-\x1f\x7f"'`$&;|<>(){}*?\\]""")
_STORE = re.compile(r"([^:]*)://([^/]*)(.*)\Z", re.DOTALL)

# The key of the mounts in Fluid's ConfigMap <name>-mount-config, one line for each.
INFO_KEY = "mount.info"
# Mounts a path of a URL with the options that follow: $1 path, $2 URL. `--secret name file` stands for an
# option with a file's contents. Of a mounted URL only the options change, which keeps the metadata and the
# cached data; "no options are inherited" (alluxio.cli.fs.command.UpdateMountCommand).
REMOUNT = """set -euo pipefail
path=$1 url=$2; shift 2
options=()
while [ $# -gt 0 ]; do
  case $1 in
    --secret) value=$(cat "$3"); options+=(--option "$2=$value"); shift 3 ;;
    --option) options+=("$1" "$2"); shift 2 ;;
    *) options+=("$1"); shift ;;
  esac
done
mounted=$(alluxio fs mount | while read -r from _ to _; do
  if [ "$to" = "$path" ]; then echo "$from"; fi
done)
if [ -n "$mounted" ] && [ "${mounted%/}" = "${url%/}" ]; then
  exec alluxio fs updateMount ${options[@]+"${options[@]}"} "$path"
fi
if [ -n "$mounted" ]; then alluxio fs unmount "$path"; fi
exec alluxio fs mount ${options[@]+"${options[@]}"} "$path" "$url"
"""


def require_plain(what: str, text: str, remedy: str = "encode or rename it") -> None:
    """Raise InvalidInput for a text with a space or a character of the shell. The text is not shown."""
    found = _SHELL.search(text)
    if found:
        raise InvalidInput(
            f"{what} has the character {found[0]!r}: Fluid passes it to a shell in the masters, which would "
            f"split or execute it; {remedy}")


def require_path(what: str, path: str) -> None:
    """Raise InvalidInput unless a path is absolute and as Alluxio lists it, which Fluid compares as text."""
    if not path.startswith("/"):
        raise InvalidInput(f"{what} is {path!r}, which is relative: expected an absolute path such as "
                           f"/{path}")
    parts = path.split("/")[1:]
    if path != "/" and any(part in ("", ".", "..") for part in parts):
        expected = "/" + "/".join(part for part in parts if part not in ("", ".", ".."))
        raise InvalidInput(f"{what} is {path!r}: expected a path without empty, '.' and '..' parts and "
                           f"without a '/' at its end, such as {expected}")


def overlapping(one: str, other: str) -> bool:
    """Return whether one URL lies within the other; Alluxio refuses to mount both (MountTable.java)."""
    stores = [_STORE.match(url) for url in (one, other)]
    if not all(stores) or len({match.groups()[:2] for match in stores if match}) > 1:
        return False
    first, second = sorted((match[3].rstrip("/") + "/" for match in stores if match), key=len)
    return second.startswith(first)


def is_endpoint(key: str) -> bool:
    """Return whether an option is the address of a server, as alluxio.underfs.s3.endpoint and fs.oss.endpoint
    are; alluxio.underfs.s3.endpoint.region is not.
    """
    return key.lower().endswith("endpoint")


def arguments(mount: dict, plain: dict[str, str], files: dict[str, str], secret: str) -> list[str]:
    """Return the arguments of REMOUNT after path and URL. mount: an entry of a Dataset's spec.

    plain: the values of options. files: the files with those of the other options; they win. secret: the
    argument that precedes the name and the file of one.
    """
    result = ["--readonly"] * bool(mount.get("readOnly")) + ["--shared"] * bool(mount.get("shared"))
    for key, value in plain.items():
        if key not in files:
            result += ["--option", f"{key}={value}"]
    for key, file in files.items():
        result += [secret, key, file]
    return result


def info_line(path: str, mount: dict, plain: dict[str, str], files: dict[str, str]) -> str:
    """Return the line of a mount in Fluid's ConfigMap (pkg/ddc/alluxio/transform.go).

    Fluid's script replaces the path of a Secret's file by its contents.
    """
    options = {**plain, **files}
    parts = arguments(mount, options, {}, "")
    return " ".join([path, mount["mountPoint"], *parts])


def with_lines(info: str, lines: dict[str, str]) -> str:
    """Return mount.info with the line of each path replaced; other lines and their order stay."""
    return "".join(lines.get(line.partition(" ")[0], line.rstrip("\n")) + "\n"
                   for line in info.splitlines(keepends=True))
