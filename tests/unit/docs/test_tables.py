# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of the pages have the names that the code has: causes, checks, promises, events, profiles."""

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.datacache.fluid.plugins.module_utils.alluxio import properties
from ansible_collections.datacache.fluid.plugins.module_utils.diagnose import finding
from ansible_collections.datacache.fluid.plugins.modules import cache_preflight
from ansible_collections.datacache.fluid.plugins.plugin_utils import cache_events

CHECKOUT = Path(__file__).parents[3]
DOCS = CHECKOUT / "docs"
RULES = yaml.safe_load((CHECKOUT / "roles/deploy/files/metrics/prometheus-rule.yml").read_text())
ALERTS = [rule for group in RULES["spec"]["groups"] for rule in group["rules"] if "alert" in rule]
_CODE = re.compile(r"`([\w.]+)`")


def names(page, head):
    """The names in the first column of the table with this head, in its order."""
    rows = (DOCS / page).read_text().partition(f"\n| {head} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [name for row in rows for name in _CODE.findall(row.split(" | ")[0])]


def playbooks_with(text):
    return {path.stem for path in (CHECKOUT / "playbooks").glob("*.yml") if text in path.read_text()}


def test_the_causes_of_a_fault_in_their_order():
    assert names("diagnosis.md", "Cause") == list(finding.ORDER)


def test_the_checks_before_a_deployment():
    described = yaml.safe_load(cache_preflight.RETURN)["findings"]["contains"]["check"]["description"]
    assert set(names("diagnosis.md", "Check")) == set(re.findall(r"V\((\w+)\)", described))


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_the_page_states_severity_and_duration_of_an_alert(rule):
    severity = {"info": "information"}.get(rule["labels"]["severity"], rule["labels"]["severity"])
    duration = f", after {rule['for'].removesuffix('m')} minutes" if "for" in rule else ""
    page = (DOCS / "metrics.md").read_text()
    assert f"\n### {rule['alert']}\n{severity.capitalize()}{duration}. " in page


def test_the_events():
    assert set(names("events.md", "`event.type`")) == {
        cache_events.LEADER_CHANGED, cache_events.MEMBER_LOST, cache_events.QUORUM_AT_RISK,
        cache_events.DATASET_UNBOUND, cache_events.CACHE_FULL, cache_events.FUSE_DEAD, cache_events.RESTORED}


def test_the_timeouts_of_the_profiles():
    """A leadership transfer, and the answer that a drill expects, depend on them."""
    profiles = [_profile(name) for name in ("default", "balanced", "fast")]
    for page, seconds in (
            ("rolling.md", [properties.election_timeout(properties.ELECTION_TIMEOUT_MAX, each)
                            for each in profiles]),
            ("drilling.md", [properties.heartbeat_interval(each) + 1 for each in profiles])):
        assert ("{:g} s with Alluxio's own timeouts, {:g} s with `balanced` and {:g} s with `fast`"
                .format(*seconds)) in " ".join((DOCS / "quorum" / page).read_text().split())


def test_who_may_recreate_a_cache_and_who_needs_its_mounts():
    security = (DOCS / "security.md").read_text()
    [row] = re.findall(r"^\| (.+) \| `fluid_recreate` \|", security, re.MULTILINE)
    assert set(_CODE.findall(row)) == playbooks_with("datacache.fluid.deploy, tags")
    inventory = " ".join((DOCS / "inventory.md").read_text().split())
    [sentence] = re.findall(r"So ([^.]+) require `fluid_mounts`", inventory)
    assert set(_CODE.findall(sentence)) == playbooks_with("required: [fluid_name, fluid_mounts]")


def _profile(name):
    return {properties.RAFT_PROPERTIES[option]: value
            for option, value in properties.RAFT_PROFILES[name].items()}
