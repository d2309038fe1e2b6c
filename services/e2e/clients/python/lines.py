"""The lines between a client and the test that drives it: JSON arrays, ["event", argument, ...], one a line."""

import json
import os
import sys
import threading

PATIENCE = 60  # s, for an answer on a busy machine: the clients' defaults of 1 s and 5 s are too short

_writing = threading.Lock()


def report(event, *arguments):
    """Print an event that the client received."""
    line = json.dumps([event, *arguments], ensure_ascii=False, separators=(",", ":"))
    with _writing:
        os.write(1, f"{line}\n".encode())


def handle_in_order(client):
    """Make python-socketio handle one event after the other. It would run each in a thread of its own, and report them in any order."""
    trigger = client.eio._trigger_event
    client.eio._trigger_event = lambda event, *arguments, **_: trigger(event, *arguments, run_async=False)


def run_lines(emit):
    """Call emit(event, *arguments) for every line of the standard input, and end the process with it."""
    for line in sys.stdin.buffer:
        emit(*json.loads(line))
    os._exit(0)  # without waiting for threads of the client


def run_lines_in_background(emit):
    threading.Thread(target=run_lines, args=(emit,), daemon=True).start()
