#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cache_report
short_description: Write a page about the state of caches
version_added: 1.0.0
author:
  - datacache.fluid contributors (@datacache)
description:
  - Writes one HTML file that a browser shows without anything else, and the same content as JSON beside it.
    The page has light and dark colours, fits a phone, and can be printed.
  - Shows topology, promises with their evidence, quorums and what one more loss would mean, and how full the
    cache is. Shows also hit ratios, the durations of cold and warm reads, earlier runs, versions, and
    warnings with the next step. Several caches are one page, the worst first.
  - Sends no request. It shows what M(datacache.fluid.cache_info) and M(datacache.fluid.cache_diagnosis) have
    read.
  - The files have mode C(0600), since names, addresses and events of the cluster concern only those who
    operate it. Credentials in texts are hidden. A new page is no change.
extends_documentation_fragment:
  - datacache.fluid.attributes.info
attributes:
  check_mode:
    details: In check mode it writes no file.
options:
  path:
    description:
      - The HTML file on the host that runs the module, ending in C(.html). The JSON file has the same name
        with C(.json).
      - The runs of a report that exists there become part of the history. A JSON file that is no report is
        not replaced.
    type: path
    required: true
  caches:
    description: The results of M(datacache.fluid.cache_info) as they were registered, those of failed tasks
      too.
    type: list
    elements: dict
    required: true
  hosts:
    description: The hosts of the inventory to which the caches belong, in the order of O(caches). The page
      names a cache by its host if it could not be read.
    type: list
    elements: str
    default: []
  diagnoses:
    description: The results of M(datacache.fluid.cache_diagnosis) in the order of O(caches), C({}) for a
      cache without one. Their causes are the first warnings.
    type: list
    elements: dict
    default: []
  history:
    description: JSON files of earlier reports. At most 60 runs of each cache are kept.
    type: list
    elements: path
    default: []
  title:
    description: Title of the page. The default is the name of the cache, or the number of caches.
    type: str
    default: ""
seealso:
  - module: datacache.fluid.cache_info
  - module: datacache.fluid.cache_diagnosis
"""

EXAMPLES = r"""
- name: Read what a cache promises
  datacache.fluid.cache_info:
    name: hbase
    namespace: data
    master_replicas: 3
  register: cache

- name: Write the page
  datacache.fluid.cache_report:
    path: /var/lib/reports/hbase.html
    caches: ["{{ cache }}"]
  delegate_to: localhost
"""

RETURN = r"""
html_path:
  description: The HTML file.
  returned: success
  type: str
  sample: /var/lib/reports/hbase.html
json_path:
  description: The JSON file.
  returned: success
  type: str
  sample: /var/lib/reports/hbase.json
state:
  description: The worst state of all caches, V(unreadable), V(broken), V(degraded), V(unknown) or V(kept).
  returned: success
  type: str
  sample: kept
caches:
  description: The caches, the worst first.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Namespace and name of the cache, with the host if several have the same; the host alone if
        it could not be read.
      returned: success
      type: str
      sample: data/hbase
    state:
      description: The worst state of its promises.
      returned: success
      type: str
      sample: kept
    warnings:
      description: Number of warnings on the page.
      returned: success
      type: int
      sample: 0
    runs:
      description: Number of earlier runs on the page.
      returned: success
      type: int
      sample: 12
duration:
  description: Duration of the run, in seconds.
  returned: success
  type: float
  sample: 0.1
"""

import json
import os
from datetime import datetime, timezone

from ..module_utils.errors import InvalidInput
from ..module_utils.module import files
from ..module_utils.module.exit import finish
from ..module_utils.module.option_names import FluidModule
from ..module_utils.report import document, page


def argument_spec() -> dict:
    return {
        "path": {"type": "path", "required": True},
        "caches": {"type": "list", "elements": "dict", "required": True},
        "hosts": {"type": "list", "elements": "str", "default": []},
        "diagnoses": {"type": "list", "elements": "dict", "default": []},
        "history": {"type": "list", "elements": "path", "default": []},
        "title": {"type": "str", "default": ""}}


def earlier(history: list[str], own: str) -> list[dict]:
    """Return the documents of earlier reports. Raises InvalidInput for a file that is none."""
    found = []
    present = [("path", own)] if os.path.exists(own) else []
    for option, path in [*(("history", path) for path in history), *present]:
        tree = files.read_json(option, path)
        if not document.is_document(tree):
            raise InvalidInput(f"{option}: {path} is no report of this module: "
                               + ("choose another path" if option == "path" else "remove it from the list"))
        found.append(tree)
    return found


def main() -> None:
    module = FluidModule(argument_spec(), supports_check_mode=True)

    def work() -> dict:
        path, beside = module.params["path"], files.sibling("path", module.params["path"], ".html", ".json")
        files.require_writable("path", path)
        caches = document.given(module.params)
        at = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        made = document.build(
            caches, earlier(module.params["history"], beside), at, module.params["title"])
        # Results of other tasks, which would fill the event of this one.
        module.params.update(caches=[], diagnoses=[])
        if not module.check_mode:
            files.write(module, path, page.render(made), files.PRIVATE)
            files.write(module, beside, json.dumps(made, indent=1) + "\n", files.PRIVATE)
        # Not path: Ansible replaces the state beside it by that of the file.
        return {"changed": False, "html_path": path, "json_path": beside, "state": made["state"],
                "caches": [{"name": each["label"], "state": each["state"], "warnings": len(each["warnings"]),
                            "runs": len(each["history"])} for each in made["caches"]]}

    finish(module, work)


if __name__ == "__main__":
    main()
