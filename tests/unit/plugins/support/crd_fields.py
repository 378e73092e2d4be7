# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields in the spec of a CustomResourceDefinition, reduced to what the options are compared with.

python crd_fields.py <folder with Fluid's definitions as YAML> prints the file recorded/fluid_fields.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

KINDS = ("AlluxioRuntime", "DataLoad", "DataMigrate", "DataProcess", "Dataset")
# Fields with a type of Kubernetes' own API, which the options pass on as they are.
KUBERNETES_TYPES = {"volumes", "volumeMounts", "volumeSource", "tolerations", "required",
                    "affinity", "podSpec", "env"}


def spec_schema(definition: dict) -> dict:
    """Return the schema of the spec in the version that the API server stores."""
    stored = next(each for each in definition["spec"]["versions"] if each["storage"])
    return stored["schema"]["openAPIV3Schema"]["properties"]["spec"]


def fields(schema: dict, above: str = "") -> dict[str, dict]:
    """Return {path: {type, values}} of the fields without fields of their own; "[]" marks a list's elements.

    type: string, integer, boolean, quantity, map or object. values: the enum without the empty text.
    """
    found: dict[str, dict] = {}
    for key, field in (schema.get("properties") or {}).items():
        path, element = above + key, field
        if field.get("type") == "array":
            path, element = path + "[]", field["items"]
        inner = {} if key in KUBERNETES_TYPES else fields(element, path + ".")
        found |= inner or {path: _form(element)}
    return found


def _form(field: dict) -> dict:
    kind = ("quantity" if field.get("x-kubernetes-int-or-string")
            else "map" if "additionalProperties" in field else field["type"])
    values = sorted(value for value in field.get("enum") or [] if value)
    return {"type": kind, "values": values} if values else {"type": kind}


def main() -> None:
    import yaml

    definitions = [yaml.safe_load(path.read_text()) for path in sorted(Path(sys.argv[1]).glob("*.yaml"))]
    found = {each["spec"]["names"]["kind"]: fields(spec_schema(each))
             for each in definitions if each["spec"]["names"]["kind"] in KINDS}
    print(json.dumps(found, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
