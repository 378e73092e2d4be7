# SPDX-License-Identifier: GPL-3.0-or-later
"""Masking of credentials in plain options that belong in Secrets. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

HIDDEN = "VALUE_HIDDEN"
# account.key and sas are Azure's (Alluxio: fs.azure.account.key.<account>, fs.azure.sas.<container>).
_SENSITIVE = re.compile(
    r"secret|password|passwd|passphrase|token|(?:access|account|api|private).?key|credential|\bsas\b",
    re.IGNORECASE)
# The password of a URL such as https://user:password@host/; it may contain an @ that is not encoded.
_URL_PASSWORD = re.compile(r"(?<=://)([^/@:\s]*):([^/\s]+)(?=@)")
# A property among JVM options, such as -Daws.secretKey=value, alone or in a string of several options.
_JVM_PROPERTY = re.compile(r"(?<!\S)(-D([^\s=]+)=)(\S+)")
# Pairs in free text: key=value, "key": "value" as JSON has it, and key: value. What precedes the word in a
# key does not matter, and would make the search slow.
_KEY = "(?:" + _SENSITIVE.pattern + r"|signature)[\w.$-]{0,60}"
_PAIRS = (re.compile(rf"({_KEY}\s*=\s*)(\"[^\"]*\"|'[^']*'|[^\s\"']\S*)", re.IGNORECASE),
          re.compile(rf"({_KEY}\\?[\"']\s*:\s*\\?[\"'])([^\"'\\]*)", re.IGNORECASE),
          re.compile(rf"({_KEY}:\s+)(?![\"'])(\S+)", re.IGNORECASE),
          # A flag and its value, and the signature of a token of Azure's storage.
          re.compile(rf"((?:^|(?<=\s))--?[\w.-]{{0,60}}?{_KEY}\s+)(?!-)(\S+)", re.IGNORECASE),
          re.compile(r"((?<=[?&])sig=)([^&\s\"']+)"))
# A pair of a protocol buffer, key: "..." and value: "..." on two lines, as Alluxio logs a mount's options. A
# kubelet writes the time in front of each line, and messages join lines with a bar.
_STAMP = r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)"
_VALUE = r"""((?:\\.|[^"\\\n])*)"""
_ENTRY = re.compile(rf"({_KEY}\\?\"(?:[\s|]|{_STAMP})+value:\s*\\?\"){_VALUE}", re.IGNORECASE)
# Such a value at the begin of a text that lacks its key.
_CUT_ENTRY = re.compile(rf"(\A(?:{_STAMP})?\s*value:\s*\"){_VALUE}")
# A map as Go prints it, map[key:value key:value], and its pairs. Outside of one, image:tag has their form.
_GO_MAP = re.compile(r"map\[[^\[\]]*\]")
_GO_PAIR = re.compile(rf"((?<=[\[ ])[\w.-]{{0,60}}?{_KEY}:)([^\s\]]+)", re.IGNORECASE)
# Credentials that their own form shows: HTTP's header, the ID of an AWS key, a JWT, a private key.
_FORMS = re.compile(
    r"(?<=Bearer )\S{8,}|(?<=Basic )[\w+/=-]{8,}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\beyJ[\w-]{8,}\.[\w.-]+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
# The free-form maps in the spec and status of a Dataset and a runtime.
_OPTION_MAPS = frozenset({"options", "sharedOptions", "shared_options", "properties", "env"})
# Ansible masks a value wherever it occurs; a shorter one ("1", "true") would mask unrelated output.
_SHORTEST_SECRET = 6


def is_sensitive(key: str) -> bool:
    """Return whether an option's key names a credential."""
    return _SENSITIVE.search(key) is not None


def secrets_in(options: dict | None) -> list[str]:
    """Return the values whose key names a credential, for Ansible to mask."""
    return [str(value) for key, value in (options or {}).items()
            if is_sensitive(str(key)) and len(str(value)) >= _SHORTEST_SECRET]


def passwords_in(url: str) -> list[str]:
    """Return the passwords in a URL."""
    return [password for _user, password in _URL_PASSWORD.findall(url)]


def jvm_secrets_in(text: str) -> list[str]:
    """Return the values of properties in JVM options whose key names a credential, for Ansible to mask."""
    return [value for _option, key, value in _JVM_PROPERTY.findall(text)
            if is_sensitive(key) and len(value) >= _SHORTEST_SECRET]


def _as_map(tree: dict) -> dict:
    """Return a variable of a container, {name, value}, as a map; {} for another dictionary."""
    name, value = tree.get("name"), tree.get("value")
    return {name: value} if isinstance(name, str) and isinstance(value, str) else {}


def secrets_within(tree: Any, within_options: bool = False) -> list[str]:
    """Return the credentials in a tree's option maps, variables, JVM options and URLs, for Ansible to mask.
    """
    if isinstance(tree, dict):
        own = secrets_in(tree) if within_options else secrets_in(_as_map(tree))
        return own + [secret for key, value in tree.items()
                      for secret in secrets_within(value, key in _OPTION_MAPS)]
    if isinstance(tree, list):
        return [secret for value in tree for secret in secrets_within(value)]
    return passwords_in(tree) + jvm_secrets_in(tree) if isinstance(tree, str) else []


def redacted(tree: Any, within_options: bool = False) -> Any:
    """Return the tree with the credentials in its option maps, variables, JVM options and URLs masked."""
    if isinstance(tree, dict):
        if not within_options and any(is_sensitive(name) and value for name, value in _as_map(tree).items()):
            tree = {**tree, "value": HIDDEN}
        return {key: HIDDEN if within_options and is_sensitive(key) and value and isinstance(value, str)
                else redacted(value, key in _OPTION_MAPS) for key, value in tree.items()}
    if isinstance(tree, list):
        return [redacted(value) for value in tree]
    if isinstance(tree, str):
        return _JVM_PROPERTY.sub(_mask, _URL_PASSWORD.sub(r"\1:" + HIDDEN, tree))
    return tree


def masked_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Return free text, such as a log or an event, with credentials masked.

    secrets: values to mask wherever they occur. A value is also masked if the key before it names a
    credential, or if its own form is that of one.
    """
    for secret in sorted(set(secrets), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _URL_PASSWORD.sub(r"\1:" + HIDDEN, text)
    for pair in (*_PAIRS, _ENTRY, _CUT_ENTRY):
        text = pair.sub(_hidden, text)
    text = _GO_MAP.sub(lambda found: _GO_PAIR.sub(_hidden, found[0]), text)
    return _FORMS.sub(HIDDEN, text)


def _hidden(found: re.Match) -> str:
    return found[1] + HIDDEN


def _mask(found: re.Match) -> str:
    return found[1] + HIDDEN if is_sensitive(found[2]) else found[0]
