# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults, each as a server, a load balancer or a network really shows it.

Most are made of the real server's own answers: lost, cut, or provoked by a change in between or by
a resource version that is too old. Fakes, because the real server does not produce them on demand:
the answers 429, 500, 502, 503 and 504, the watch that is refused with 410 (1.34 sends an ERROR event
instead, which is real here), an ERROR event other than 410, and the 410 on a continue token, which
comes only once etcd has been compacted; the token that it offers is the real server's.
"""

import base64
import functools
import json
import math
from urllib.parse import urlencode

from .exchange import Exchange
from .proxy import Fault

READS = frozenset({"get", "list", "continue"})
WRITES = frozenset({"create", "patch", "delete"})
WATCH = frozenset({"watch"})
CONTINUE = frozenset({"continue"})
ANY = READS | WRITES | WATCH

SOMEBODY = "somebody-else"
# A field manager of the collection: what it creates is not foreign, so that later steps may change it.
SECOND_RUN = "second-run.datacache.fluid"
FOREIGN_LABEL = "touched-by"
RETRY_AFTER = 3  # seconds; more than the client's own pauses, so that it shows
ALWAYS = math.inf


def _status(code: int, reason: str, message: str, **metadata: str) -> bytes:
    return json.dumps({"kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
                       "message": message, "reason": reason, "code": code}).encode()


# -- answers of a server or a load balancer in trouble ---------------------------------------------


def _answers(status: int, body: bytes, content_type: str = "application/json", **headers: str) -> Fault:
    return Fault(str(status), ANY, lambda exchange: exchange.reply(status, body, content_type, **headers))


_BAD_GATEWAY = b"<html><head><title>502 Bad Gateway</title></head></html>"
_GATEWAY_TIMEOUT = b"<html><head><title>504 Gateway Time-out</title></head></html>"

TOO_MANY_REQUESTS = _answers(
    429, _status(429, "TooManyRequests", "Too many requests, please try again later."),
    Retry_After=str(RETRY_AFTER))
INTERNAL_ERROR = _answers(500, _status(500, "InternalError", "etcdserver: leader changed"))
BAD_GATEWAY = _answers(502, _BAD_GATEWAY, "text/html")
UNAVAILABLE = _answers(503,
                       _status(503, "ServiceUnavailable",
                               "the server is currently unable to handle the request"))
TOO_MANY_REQUESTS_FOR_HOURS = _answers(429, _status(429, "TooManyRequests", "Too many requests"),
                                       Retry_After="7200")
GATEWAY_TIMEOUT = _answers(504,
                           _status(504, "Timeout",
                                   "Timeout: request did not complete within the allotted duration"))


def _time_out_afterwards(exchange: Exchange) -> None:
    exchange.ask().close()
    exchange.reply(504, _GATEWAY_TIMEOUT, "text/html")


GATEWAY_TIMEOUT_BUT_DONE = Fault("504-but-done", ANY, _time_out_afterwards)


# -- connections that break ------------------------------------------------------------------------


def _lose_answer(exchange: Exchange) -> None:
    exchange.ask().close()
    exchange.reset()


def _cut(exchange: Exchange) -> None:
    """End the answer in its middle; a watch in the middle of its first event."""
    answer = exchange.ask()
    if exchange.request.verb != "watch":
        exchange.reply(answer.status, answer.data, answer.headers["Content-Type"],
                       missing=len(answer.data) // 2)
    else:
        exchange.start_stream()
        event = next(exchange.chunks(answer), b"")
        exchange.send_chunk(event[:len(event) // 2])
    exchange.hang_up()


def _end_watch(end, exchange: Exchange) -> None:
    """Hold the first event back, and end the stream instead."""
    exchange.start_stream()
    next(exchange.chunks(exchange.ask()), b"")
    end(exchange)


def _close_at_once(exchange: Exchange) -> None:
    exchange.start_stream()
    exchange.end_stream()


RESET_BEFORE = Fault("reset-before", ANY, Exchange.reset)
LOST_ANSWER = Fault("lost-answer", ANY, _lose_answer)
CUT = Fault("cut", ANY, _cut)
WATCH_CLOSED = Fault("watch-closed", WATCH, functools.partial(_end_watch, Exchange.end_stream))
WATCH_CLOSED_AT_ONCE = Fault("watch-closed-at-once", WATCH, _close_at_once)
WATCH_RESET = Fault("watch-reset", WATCH, functools.partial(_end_watch, Exchange.reset))
SILENCE = Fault("silence", ANY, Exchange.wait_for_client_to_leave)


def _watch_nothing(exchange: Exchange) -> None:
    exchange.start_stream()
    exchange.wait_for_client_to_leave()


WATCH_SILENT = Fault("watch-silent", WATCH, _watch_nothing)


# -- what is too old -------------------------------------------------------------------------------


def _watch_from_the_beginning(exchange: Exchange) -> None:
    query = {**exchange.request.query, "resourceVersion": "1"}
    exchange.relay(exchange.ask(exchange.request.path + "?" + urlencode(query)))


def _fail_watch(exchange: Exchange) -> None:
    event = {"type": "ERROR",
             "object": json.loads(_status(500, "InternalError",
                                          "etcdserver: mvcc: required revision is a future"))}
    exchange.start_stream()
    exchange.send_chunk(json.dumps(event).encode() + b"\n")
    exchange.end_stream()


def _expire_token(exchange: Exchange) -> None:
    """Offer the rest of the list as it is now: in such a token of the real server's the version is -1."""
    token = exchange.request.query["continue"]
    content = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    newest = base64.urlsafe_b64encode(json.dumps({**content, "rv": -1}).encode()).decode().rstrip("=")
    exchange.reply(410,
                   _status(410, "Expired", "The provided continue parameter is too old",
                           **{"continue": newest}))


WATCH_EXPIRED_EVENT = Fault("watch-410-event", WATCH, _watch_from_the_beginning)
WATCH_EXPIRED_STATUS = Fault("watch-410-status", WATCH, lambda exchange: exchange.reply(
    410, _status(410, "Expired", "too old resource version: 1 (2)")))
WATCH_ERROR_EVENT = Fault("watch-500-event", WATCH, _fail_watch)
TOKEN_EXPIRED = Fault("continue-410", CONTINUE, _expire_token)
TOKEN_EXPIRED_WITHOUT_OFFER = Fault("continue-410-no-token", CONTINUE, lambda exchange: exchange.reply(
    410, _status(410, "Expired", "The provided continue parameter is too old")))


# -- somebody else's change in between -------------------------------------------------------------


def _change_in_between(exchange: Exchange) -> None:
    """Change what the request is about, then pass it on.

    A dry run is left alone: it has nothing to overwrite, and would find another state than the run after it.
    """
    if not exchange.request.is_dry_run:
        {"create": _create_first, "patch": _label, "delete": _replace}[exchange.request.verb](exchange)
    exchange.relay(exchange.ask())


def _label(exchange: Exchange) -> None:
    path = exchange.request.path
    for value in (None, SOMEBODY):  # so that it is a change also when the label is there
        exchange.proxy.api.patch(path, {"metadata": {"labels": {FOREIGN_LABEL: value}}}, SOMEBODY)
    exchange.proxy.note_touch(path)


def _create_first(exchange: Exchange) -> None:
    """A second run of ours creates the same object, but for our labels and annotations."""
    desired = json.loads(exchange.request.body)
    metadata = {"name": desired["metadata"]["name"], "labels": {FOREIGN_LABEL: SOMEBODY}}
    exchange.proxy.api.create(exchange.request.path, {**desired, "metadata": metadata}, SECOND_RUN)
    exchange.proxy.note_touch(f"{exchange.request.path}/{metadata['name']}")


def _replace(exchange: Exchange) -> None:
    """Somebody deletes the object and creates one of the same name."""
    api, path = exchange.proxy.api, exchange.request.path
    existing = api.get(path)
    api.patch(path, {"metadata": {"finalizers": None}})
    api.delete(path)
    metadata = {key: value for key, value in existing["metadata"].items()
                if key in ("name", "labels", "finalizers")}
    api.create(path.rpartition("/")[0], {**existing, "metadata": metadata}, SOMEBODY)


CHANGED_IN_BETWEEN = Fault("409", WRITES, _change_in_between)

# The server has done nothing for these requests, so that one deploy can meet them everywhere.
UNDONE = (TOO_MANY_REQUESTS, INTERNAL_ERROR, BAD_GATEWAY, UNAVAILABLE, GATEWAY_TIMEOUT, RESET_BEFORE)
# What comes after these depends on where they strike.
TELLING = (
    UNAVAILABLE, GATEWAY_TIMEOUT_BUT_DONE, LOST_ANSWER, CUT, WATCH_CLOSED, WATCH_RESET, WATCH_EXPIRED_EVENT,
    WATCH_EXPIRED_STATUS, WATCH_ERROR_EVENT, TOKEN_EXPIRED, CHANGED_IN_BETWEEN,
)
