"""How every client here talks to the test that drives it: JSON arrays, ["event", argument, ...], one a line."""

import json
import os
import sys
import threading

PATIENCE = 60  # s, for an answer on a busy machine: the clients' own of 1 s and 5 s would end a test

_writing = threading.Lock()


def say(event, *arguments):
    """Print an event that the client heard."""
    line = json.dumps([event, *arguments], ensure_ascii=False, separators=(",", ":"))
    with _writing:
        os.write(1, f"{line}\n".encode())


def keep_order(client):
    """Have a client of python-socketio handle one event after the other: it gives each a thread of its own, and so says them in any order."""
    trigger = client.eio._trigger_event
    client.eio._trigger_event = lambda event, *arguments, **_: trigger(event, *arguments, run_async=False)


def obey(emit):
    """Call emit(event, *arguments) for every line of the standard input, and end the process with it."""
    for line in sys.stdin.buffer:
        emit(*json.loads(line))
    os._exit(0)  # whatever threads the client has


def obey_in_background(emit):
    threading.Thread(target=obey, args=(emit,), daemon=True).start()
