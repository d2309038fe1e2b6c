"""Drives python-socketio: `socketio_client.py URL TRANSPORT...`."""

import functools
import inspect
import sys

import socketio

from lines import PATIENCE, handle_in_order, report, run_lines

EVENTS = ["atlas_subscribed", "atlas_unsubscribed", "atlas_result", "atlas_probestatus", "atlas_metadata", "atlas_error"]


def listen(client, event):
    client.on(event, lambda payload: report(event, payload))  # one argument: an event with another number of them is an error


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
    run_lines(client.emit)


main(*sys.argv[1:])
