"""Drives python-socketio: `socketio_client.py URL TRANSPORT...`."""

import functools
import inspect
import sys
import threading

import socketio

from lines import PATIENCE, handle_in_order, report, run_lines

EVENTS = ["atlas_subscribed", "atlas_unsubscribed", "atlas_result", "atlas_probestatus", "atlas_metadata", "atlas_error"]


wants_cursors = threading.Event()


def listen(client, event):
    def handle(payload, *cursor):
        if cursor and not wants_cursors.is_set():
            raise TypeError(f"{event} has {len(cursor)} arguments too many")
        report(event, payload, *cursor)

    client.on(event, handle)


def main(url, *transports):
    client = socketio.Client(reconnection_delay=0.05, reconnection_delay_max=0.05, request_timeout=PATIENCE, logger=True)  # it logs to standard error
    if "wait_timeout" in inspect.signature(client.connect).parameters:
        client.connect = functools.partial(client.connect, wait_timeout=PATIENCE)  # which its reconnecting calls too

    handle_in_order(client)

    @client.event
    def connect():
        if client.transport() != transports[0]:
            report("upgrade", client.transport())
        report("connect")

    @client.event
    def disconnect(*reason):
        report("disconnect", *reason)

    for event in EVENTS:
        listen(client, event)
    client.connect(url, socketio_path="/stream/socket.io", transports=list(transports))

    def emit(event, parameters):
        if "cursor" in parameters:
            wants_cursors.set()
        client.emit(event, parameters)

    run_lines(emit)


main(*sys.argv[1:])
