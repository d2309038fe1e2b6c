#!/usr/bin/env python3
"""Replays an incident of an anycast DNS service at fifty times its speed, and prints which probes went to another instance of it:

    GATEWAY=http://localhost:8080 TOKEN=... incident.py MEASUREMENT BEFORE START END

The results between BEFORE and START say at which instance each probe was.
"""

import collections
import contextlib
import json
import os
import sys
import time

import websocket
from ripe.atlas.sagan import Result

TEMPORARY = ("[unavailable]", "[too_many_", "[too_slow]", "[please_reconnect]", "[shutting_down]")


def events(subscription):
    """Yield the events of a subscription until the connection is lost."""
    gateway = os.environ.get("GATEWAY", "http://localhost:8080").replace("http", "ws", 1)
    header = [f"Authorization: Bearer {token}"] if (token := os.environ.get("TOKEN")) else []
    connection = websocket.create_connection(f"{gateway}/stream/?client=example-incident", header=header, timeout=60)  # s; a ping comes every 25
    with contextlib.closing(connection):
        connection.send(json.dumps(["atlas_subscribe", subscription]))
        for message in iter(connection.recv, ""):
            yield json.loads(message)


def replay(measurement, start, end, speed):
    """Yield the results of an interval, each once: a new connection resumes from the cursor of the last result."""
    subscription = {"msm": measurement, "startTime": start, "endTime": end, "speed": speed, "cursor": ""}
    pause = 1
    while True:
        try:
            for event, payload, *cursor in events(subscription):
                if event == "atlas_subscribed":
                    pause = 1
                elif event == "atlas_result":
                    subscription["cursor"] = cursor[0]
                    yield Result.get(payload)
                elif event == "atlas_unsubscribed":
                    return
                elif event == "atlas_error":
                    print(payload, file=sys.stderr)  # such as [gap], which says what is missing
                    if payload.startswith(TEMPORARY):
                        break
                    if not payload.startswith("[gap]"):
                        sys.exit(1)  # such as [cursor_gone]: an hour has passed, so start over
        except websocket.WebSocketBadStatusException as refusal:
            print(refusal.resp_body.decode(), file=sys.stderr)
            if refusal.status_code < 500 and refusal.status_code != 429:
                sys.exit(1)
            pause = int(refusal.resp_headers.get("retry-after", pause))
        except (OSError, websocket.WebSocketException) as lost:
            print(lost, file=sys.stderr)
        time.sleep(pause)
        pause = min(2 * pause, 60)


def instance(result):
    """Return the name in the answer of the instance."""
    answers = [answer for response in result.responses if response.abuf for answer in response.abuf.answers]
    return answers[0].data[0] if answers else "no answer"


def main(measurement, before, start, end):
    where = {result.probe_id: instance(result) for result in replay(measurement, before, start, "max")}
    moves = collections.Counter()
    for result in replay(measurement, start, end, 50):
        now = instance(result)
        was = where.setdefault(result.probe_id, now)
        if was != now:
            moves[was, now] += 1
            print(f"{result.created:%H:%M:%S} probe {result.probe_id} went from {was} to {now}", flush=True)
        where[result.probe_id] = now
    for (was, now), count in moves.most_common():
        print(f"{count} from {was} to {now}")


if len(sys.argv) != 5:
    sys.exit(__doc__)
main(*sys.argv[1:])
