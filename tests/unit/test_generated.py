# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated files equal what they are generated from; `make generate` writes them."""

from pathlib import Path

import generated
import pytest
from generated import role_readmes

CHECKOUT = Path(__file__).parents[2]
TEXTS = generated.texts(CHECKOUT)


@pytest.mark.parametrize("name", TEXTS)
def test_a_generated_file_is_up_to_date(name):
    path = CHECKOUT / name
    assert path.exists() and path.read_text() == TEXTS[name], "run `make generate`"


def test_a_readme_names_the_playbooks_that_run_the_role():
    assert "Playbooks: `datacache.fluid.deploy_ha`, `datacache.fluid.verify`.\n" in TEXTS[
        "roles/verify/README.md"]
    assert not [name for name, text in TEXTS.items() if "Playbooks: ." in text]


def test_each_role_has_a_readme():
    roles = {path.name for path in (CHECKOUT / "roles").iterdir()}
    assert {name.split("/")[1] for name in TEXTS if name.startswith("roles/")} == roles


@pytest.mark.parametrize(("markup", "text"), [
    ("Set O(install_chart_ref) to C(fluid).", "Set `install_chart_ref` to `fluid`."),
    ("See P(datacache.fluid.install#role).", "See `datacache.fluid.install`."),
    ("M(datacache.fluid.pod) and (nothing) else", "`datacache.fluid.pod` and (nothing) else"),
    ("As in O(datacache.fluid.dataset#module:mounts).", "As in `mounts` of `datacache.fluid.dataset`."),
])
def test_markup(markup, text):
    assert role_readmes.plain(markup) == text


def test_a_readme_shows_what_is_required_and_what_is_chosen():
    text = role_readmes.text("drill", {
        "short_description": "Drill", "description": "Kills.", "options": {
            "drill_name": {"description": "Name.", "required": True},
            "drill_confirm": {"description": "Confirms.", "required": True},
            "drill_kill": {"description": ["What.", "So."], "choices": ["", "pod", "process"],
                           "default": "pod"},
            "drill_paths": {"description": "A|B", "type": "list", "elements": "str", "default": []}},
    }, ["failover_drill"])
    assert "  - role: datacache.fluid.drill\n    drill_name: hbase\n    drill_confirm: hbase\n" in text
    assert "| `drill_name` | str | **required** | Name. |" in text
    assert '| `drill_kill` | str | `"pod"` | What. So. One of `pod`, `process`. |' in text
    assert "| `drill_paths` | list of str | `[]` | A&#124;B |" in text


def test_the_example_of_a_role_confirms_what_it_destroys():
    assert "    drill_confirm: hbase\n" in TEXTS["roles/drill/README.md"]
    assert "    restore_confirm: default/hbase\n" in TEXTS["roles/restore/README.md"]
