"""Drives python-socketio: `socketio_client.py URL TRANSPORT...`."""

import functools
import inspect
import sys

import socketio

from lines import PATIENCE, keep_order, obey, say

EVENTS = ["atlas_subscribed", "atlas_unsubscribed", "atlas_result", "atlas_probestatus", "atlas_metadata", "atlas_error"]


def listen(client, event):
    client.on(event, lambda payload: say(event, payload))  # one argument: an event that carries another number of them is an error


def main(url, *transports):
    client = socketio.Client(reconnection_delay=0.05, reconnection_delay_max=0.05, request_timeout=PATIENCE, logger=True)  # it logs to standard error
    if "wait_timeout" in inspect.signature(client.connect).parameters:
        client.connect = functools.partial(client.connect, wait_timeout=PATIENCE)  # which its reconnecting calls too

    keep_order(client)

    @client.event
    def connect():
        if client.transport() != transports[0]:
            say("upgrade", client.transport())
        say("connect")

    @client.event
    def disconnect(*reason):
        say("disconnect", *reason)

    for event in EVENTS:
        listen(client, event)
    client.connect(url, socketio_path="/stream/socket.io", transports=list(transports))
    obey(client.emit)


main(*sys.argv[1:])
