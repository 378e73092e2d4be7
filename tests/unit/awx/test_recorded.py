# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWX 24.6.1 answered to the playbook and to launched jobs, against what the tests take for AWX.

tests/tools/record_awx.py has recorded it.
"""

import json
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import awx_job
import pytest
import yaml
from fake_awx import FakeAwx, Refused, answers_fault

CHECKOUT = Path(__file__).parents[3]
RECORDED = Path(__file__).parent / "recorded"
DATA = yaml.safe_load((CHECKOUT / "playbooks" / "vars" / "awx.yml").read_text())
SURVEYS = {item["name"].removeprefix("{{ __awx_prefix }} "): item["survey_spec"]
           for item in DATA["controller_templates"]}


def recorded(name):
    return [json.loads(line) for line in (RECORDED / f"{name}.jsonl").read_text().splitlines()]


EXCHANGES, LAUNCHES = recorded("exchanges"), recorded("launches")


@pytest.fixture
def fake():
    """An AWX with the numbers of the recorded one."""
    server = FakeAwx()
    for kind in ("organizations", "credential_types"):
        for each in EXCHANGES:
            if each["path"].startswith(f"/api/v2/{kind}/?"):
                server.objects[kind][0].update(each["answer"]["results"][0])
    yield server
    server.close()


def asked(server, exchange):
    """Return the code and the answer of the fake to a recorded request."""
    parts = urlsplit(exchange["path"])
    try:
        code, answer = server.answer(
            exchange["method"], parts.path, dict(parse_qsl(parts.query)), exchange["body"])
    except Refused as refusal:
        return 400, {"error": str(refusal)}
    if code == 201:  # the fake counts in its own way
        kind = parts.path.split("/")[3]
        server.objects[kind][-1].update({name: exchange["answer"][name] for name in ("id", "url")})
        answer = {**answer, **{name: exchange["answer"][name] for name in ("id", "url")}}
    return code, answer


def differences(answer, expected, where=""):
    """Yield the fields of an answer in which AWX has another value. It has fields that the fake lacks."""
    if isinstance(expected, list) and isinstance(answer, list) and len(answer) == len(expected):
        for number, (one, other) in enumerate(zip(answer, expected, strict=True)):
            yield from differences(one, other, f"{where}[{number}]")
    elif isinstance(expected, dict) and isinstance(answer, dict):
        for name in answer.keys() & expected.keys():
            yield from differences(answer[name], expected[name], f"{where}.{name}")
        yield from (f"{where}.{name}: AWX has {value!r}" for name, value in expected.items()
                    if value and name not in answer)
    elif answer != expected:
        yield f"{where}: {answer!r}, AWX has {expected!r}"


def test_the_fake_answers_each_request_as_awx(fake):
    found = []
    kinds = {*fake.objects, "unified_job_templates"}
    # The fake updates no project.
    assert {each["path"].split("/")[3] for each in EXCHANGES} - kinds == {"project_updates"}
    for exchange in [each for each in EXCHANGES if each["path"].split("/")[3] in kinds]:
        code, answer = asked(fake, exchange)
        if code != exchange["code"]:
            found.append(f"{exchange['method']} {exchange['path']}: {code} {answer}, AWX {exchange['code']}")
        found += [f"{exchange['method']} {exchange['path']}{each}"
                  for each in differences(answer, exchange["answer"])]
    assert found == []


def test_the_second_run_has_changed_nothing():
    """Of what it finds, awx.awx writes the inventories again: it compares AWX's empty kind with none."""
    writes = [each for each in EXCHANGES if each["method"] == "PATCH"]
    created = {each["answer"]["url"]: each["answer"] for each in EXCHANGES if each["code"] == 201}
    assert [each["path"].split("/")[3] for each in writes] == ["inventories", "inventories"]
    assert [each["answer"] for each in writes] == [created[each["path"]] for each in writes]
    assert max(map(EXCHANGES.index, (each for each in EXCHANGES if each["method"] == "POST"))) < min(
        map(EXCHANGES.index, writes))


@pytest.mark.parametrize("launch", LAUNCHES, ids=lambda each: f"{each['template']} {each['answers']}")
def test_the_fake_takes_the_answers_that_awx_takes(launch):
    refused = bool(answers_fault(SURVEYS[launch["template"]], launch["answers"]))
    assert refused is (launch["code"] == 400)


@pytest.mark.parametrize("launch", [each for each in LAUNCHES if each["code"] == 201],
                         ids=lambda each: f"{each['template']} {each['answers']}")
def test_a_job_of_the_tests_has_the_variables_of_awx(launch):
    given = {name: str(value) for name, value in launch["answers"].items()}
    assert awx_job.answers(SURVEYS[launch["template"]]["spec"], given) == launch["extra_vars"]
