# SPDX-License-Identifier: GPL-3.0-or-later
"""Options with the name of a field in Fluid's YAML, such as mountPoint for mount_point, or of wrong type."""

from __future__ import annotations

import re
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..errors import InvalidInput
from .option_values import given

_CAPITAL = re.compile(r"(?<=[a-z0-9])[A-Z]")
# Fields of Fluid's objects whose option has another name or another place.
_OTHER_FORMS = {
    "replicas": "worker_replicas for the workers, master_replicas for the masters",
    "alluxioVersion": "image, image_tag and image_pull_policy",
    "valueFrom": "secret_name and secret_key",
    "secretKeyRef": "secret_name and secret_key",
    "mediumType": "mediumtype",
    "metadata": "name, namespace, labels and annotations",
    "spec": "one option for each of its fields",
}


class FluidModule(AnsibleModule):
    """A module that takes values as templates give them, and names the right option for a field's name.

    It does so before Ansible misses a required option.
    """

    params: dict

    def _load_params(self) -> None:
        super()._load_params()
        self.params = given(self.params, self.argument_spec)
        try:
            require_names(self.params, self.argument_spec)
        except InvalidInput as err:
            self.fail_json(msg=str(err))


def require_names(given: dict, options: dict, where: str = "") -> None:
    """Raise InvalidInput for an unknown name that is the camelCase form of an option or a field of Fluid's.

    Also for an option with suboptions that is neither text nor of its shape.

    given: the options as they were written, at most partly of the right type. options: an argument spec.
    """
    names = {name for option, spec in options.items() for name in (option, *(spec.get("aliases") or ()))}
    for key, value in given.items():
        if key in names:
            for place, element in _elements(f"{where}{key}", value):
                require_names(element, (options.get(key) or {}).get("options") or {}, f"{place}.")
            _require_shape(f"{where}{key}", value, options.get(key) or {})
        elif meant := _meant(str(key), options):
            raise InvalidInput(f"{where}{key} is the name of Fluid's field: use the option {meant} instead")


def _require_shape(where: str, value: Any, spec: dict) -> None:
    """Raise InvalidInput if an option with suboptions has a number or a list instead of a dictionary.

    Ansible looks into the suboptions of such a value after it has refused it, and fails with a traceback.
    Text and null pass: Ansible converts or refuses them. A dictionary or list in place of text is refused,
    because Ansible would convert it to what Python prints.
    """
    if spec.get("type") == "str":
        _require_scalar(where, value)
    elif spec.get("type") == "list" and spec.get("elements") == "str" and isinstance(value, list):
        for number, each in enumerate(value):
            _require_scalar(f"{where}[{number}]", each)
    if "options" not in spec or value is None or isinstance(value, str):
        return
    if spec.get("type") != "list":
        _require_dictionary(where, value)
    elif not isinstance(value, list):
        raise InvalidInput(f"{where} is {_noun(value)}: expected a list of dictionaries")
    else:
        for number, each in enumerate(value):
            _require_dictionary(f"{where}[{number}]", each)


def _require_scalar(where: str, value: Any) -> None:
    if isinstance(value, (dict, list)):
        raise InvalidInput(f"{where} is {_noun(value)}: expected a text")


def _require_dictionary(where: str, value: Any) -> None:
    if value is not None and not isinstance(value, (dict, str)):
        raise InvalidInput(f"{where} is {_noun(value)}: expected a dictionary")


def _noun(value: Any) -> str:
    if isinstance(value, dict):
        return "a dictionary"
    return "a list" if isinstance(value, list) else repr(value)


def _elements(where: str, value: Any) -> list[tuple[str, dict]]:
    """Return the dictionaries of an option with suboptions, each with its path."""
    if isinstance(value, list):
        return [(f"{where}[{number}]", each) for number, each in enumerate(value) if isinstance(each, dict)]
    return [(where, value)] if isinstance(value, dict) else []


def _meant(key: str, options: dict) -> str:
    snake = _CAPITAL.sub(lambda capital: "_" + capital[0].lower(), key)
    if not options:  # the keys of a free map
        return ""
    if snake in options:
        return snake
    return "target[].replicas" if key == "replicas" and "target" in options else _OTHER_FORMS.get(key, "")
