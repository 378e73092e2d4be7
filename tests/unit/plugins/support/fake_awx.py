# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that answers as the API of AWX 24.6, as far as playbooks/awx.yml uses it through awx.awx.

Written after AWX's source (awx/api/views, awx/main/models/mixins.py). tests/unit/awx/test_recorded.py
compares it with what AWX 24.6.1 has answered. It has AWX's rules for surveys, answers and prompts, returns
no secret, knows only the kinds of objects of that playbook, and updates no project.
"""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

# AWX keeps the certificate encrypted, too (awx/main/models/credential, kubernetes_bearer_token).
_SECRETS = ("bearer_token", "ssl_ca_cert")
_TYPES = {"text": str, "textarea": str, "multiplechoice": str, "integer": int, "float": (int, float)}
_KINDS = {
    "organizations": "organization", "credential_types": "credential_type", "credentials": "credential",
    "execution_environments": "execution_environment", "instance_groups": "instance_group",
    "notification_templates": "notification_template", "projects": "project", "inventories": "inventory",
    "inventory_sources": "inventory_source", "job_templates": "job_template",
    "workflow_job_templates": "workflow_job_template",
    "workflow_job_template_nodes": "workflow_job_template_node", "schedules": "schedule",
}
_UNIFIED = ("projects", "inventory_sources", "job_templates", "workflow_job_templates")
_REQUIRED = {"job_template": ("project", "playbook", "inventory"), "project": ("scm_url",),
             "inventory_source": ("source_project", "source_path"), "schedule": ("rrule",)}
_ASSOCIATED = {"credentials": "credentials", "instance_groups": "instance_groups",
               "notification_templates_error": "notification_templates",
               "success_nodes": "workflow_job_template_nodes", "failure_nodes": "workflow_job_template_nodes"}


class Refused(Exception):
    """A request that AWX answers with the code 400."""


def survey_fault(spec: dict) -> str:
    """Return why AWX refuses a survey; empty for a valid one."""
    seen = set()
    for field, kind in (("name", str), ("description", str), ("spec", list)):
        if not isinstance(spec.get(field), kind):
            return f"{field} is no {kind.__name__}"
    for question in spec["spec"] or [{}]:
        fault = _question_fault(question)
        if fault or question["variable"] in seen:
            return f"{question.get('variable')}: {fault or 'duplicated'}"
        seen.add(question["variable"])
    return ""


def _question_fault(question: dict) -> str:
    for field in ("type", "question_name", "variable"):
        if not isinstance(question.get(field), str):
            return f"{field} is no text"
    if not isinstance(question.get("required"), bool):
        return "required is no boolean"
    kind, default = question["type"], question.get("default", "")
    if kind not in _TYPES:
        return f"type {kind}"
    if default != "" and not isinstance(default, _TYPES[kind]):
        return f"default {default!r}"
    if not all(isinstance(question.get(limit, 0), int) for limit in ("min", "max")):
        return "a limit is no whole number"
    if kind == "multiplechoice" and not {default} - {""} <= set(question.get("choices") or ()):
        return "choices"
    return ""


def answers_fault(spec: dict, answers: dict) -> str:
    """Return why AWX does not start a job with these answers; empty if it does.

    Defaults fill in, but for required questions: AWX's form shows them there.
    """
    questions = {question["variable"]: question for question in spec.get("spec", [])}
    if unknown := answers.keys() - questions:
        return f"no question asks for {', '.join(sorted(unknown))}"
    for variable, question in questions.items():
        if question["required"] and variable not in answers:
            return f"'{variable}' value missing"
        value = answers.get(variable, question.get("default", ""))
        if value == "" and variable not in answers:
            continue
        if not isinstance(value, _TYPES[question["type"]]) or isinstance(value, bool):
            return f"{variable} is {value!r}"
        if question["type"] == "multiplechoice" and value not in question["choices"]:
            return f"{variable} is {value!r}, no choice"
        size = len(value) if isinstance(value, str) else value
        if not question.get("min", size) <= size <= question.get("max", size):
            return f"{variable} is {value!r}, outside its limits"
    return ""


class FakeAwx:
    """The objects of an AWX. url: where it answers. writes: method and path of each request that writes."""

    def __init__(self) -> None:
        self.objects: dict[str, list[dict]] = {kind: [] for kind in _KINDS}
        self.surveys: dict[int, dict] = {}
        self.links: dict[tuple[int, str], list[int]] = {}
        self.writes: list[tuple[str, str]] = []
        self._put("organizations", {"name": "Default"})
        self._put("credential_types", {"name": "OpenShift or Kubernetes API Bearer Token"})
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_arguments) -> None:
                """Print nothing."""

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else {}
                parts = urlsplit(self.path)
                try:
                    code, result = fake.answer(self.command, parts.path, dict(parse_qsl(parts.query)), body)
                except Refused as refusal:
                    code, result = 400, {"error": str(refusal)}
                data = b"" if code == 204 else json.dumps(result).encode()
                self.send_response(code)
                self.send_header("X-API-Product-Name", "AWX")
                self.send_header("X-API-Product-Version", "24.6.1")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = _answer

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def named(self, kind: str) -> dict[str, dict]:
        """Return the objects of a kind by name, or by identifier."""
        return {item.get("name") or item["identifier"]: item for item in self.objects[kind]}

    def linked(self, item: dict, association: str) -> list[dict]:
        """Return the objects that are associated with an object."""
        ids = self.links.get((item["id"], association), [])
        return [other for other in self.objects[_ASSOCIATED[association]] if other["id"] in ids]

    def answer(self, method: str, path: str, query: dict, body: dict) -> tuple[int, dict]:
        """Return the code and the content of the answer to a request."""
        if method != "GET":
            self.writes.append((method, path))
        kind, number, sub = re.fullmatch(r"/api/v2/(\w+)/(?:(\d+)/)?(?:(\w+)/)?", path).groups()
        if number is None:
            return self._list(kind, query) if method == "GET" else (201, _shown(self._put(kind, body)))
        [item] = [each for each in self.objects[kind] if each["id"] == int(number)]
        if sub == "survey_spec":
            return self._survey(method, item, body)
        if sub:
            return self._associate(method, item, sub, body)
        if method == "PATCH":
            item.update(self._checked(item["type"], {**item, **body}))
        return 200, _shown(item)

    def _list(self, kind: str, query: dict) -> tuple[int, dict]:
        kinds = _UNIFIED if kind == "unified_job_templates" else (kind,)
        found = [_shown(item) for each in kinds for item in self.objects[each]
                 if all(str(item.get(field)) == value for field, value in query.items())]
        return 200, {"count": len(found), "next": None, "results": found}

    def _put(self, kind: str, fields: dict) -> dict:
        number = sum(map(len, self.objects.values())) + 1
        url = f"/api/v2/{kind}/{number}/"
        item = {**self._checked(_KINDS[kind], fields), "id": number, "type": _KINDS[kind], "url": url,
                "related": {"survey_spec": f"{url}survey_spec/"}, "summary_fields": {}, "scm_revision": ""}
        self.objects[kind].append(item)
        return item

    def _checked(self, kind: str, fields: dict) -> dict:
        """Return the fields, or refuse what AWX refuses of this kind."""
        absent = [field for field in _REQUIRED.get(kind, ()) if not fields.get(field)]
        if absent:
            raise Refused(f"{kind} without {absent[0]}")
        if kind == "schedule" and not re.fullmatch(r"DTSTART:\d{8}T\d{6}Z RRULE:FREQ=[A-Z]+;INTERVAL=\d+",
                                                   fields["rrule"]):
            raise Refused(f"rrule {fields['rrule']}")
        if kind in ("schedule", "workflow_job_template_node") and "unified_job_template" in fields:
            self._require_prompts(fields)
        return fields

    def _require_prompts(self, fields: dict) -> None:
        """Refuse what the template of a schedule or of a node does not ask for."""
        [template] = [each for kind in _UNIFIED for each in self.objects[kind]
                      if each["id"] == fields["unified_job_template"]]
        spec = self.surveys.get(template["id"], {})
        if fault := answers_fault(spec, fields.get("extra_data") or {}):
            raise Refused(fault)
        if fields.get("job_tags") and not template.get("ask_tags_on_launch"):
            raise Refused(f"{template['name']} does not ask for tags")
        if fields.get("inventory") and not template.get("ask_inventory_on_launch"):
            raise Refused(f"{template['name']} does not ask for an inventory")

    def _survey(self, method: str, item: dict, body: dict) -> tuple[int, dict]:
        if method == "POST":
            if fault := survey_fault(body):
                raise Refused(fault)
            self.surveys[item["id"]] = body
            return 200, {}
        return 200, self.surveys.get(item["id"], {})

    def _associate(self, method: str, item: dict, association: str, body: dict) -> tuple[int, dict]:
        ids = self.links.setdefault((item["id"], association), [])
        if method == "GET":
            linked = [_shown(each) for each in self.linked(item, association)]
            return 200, {"count": len(linked), "next": None, "results": linked}
        if body.get("disassociate"):
            ids.remove(body["id"])
        else:
            ids.append(body["id"])
        return 204, {}


def _shown(item: dict) -> dict:
    """Return an object as AWX returns it, without secrets, and with the values that AWX fills in."""
    if item["type"] == "inventory":
        return {**item, "kind": item.get("kind") or ""}
    if item["type"] == "credential":
        secrets = {name: "$encrypted$" for name in _SECRETS if (item.get("inputs") or {}).get(name)}
        return {**item, "kind": "kubernetes_bearer_token",
                "inputs": {**(item.get("inputs") or {}), **secrets}}
    return item
