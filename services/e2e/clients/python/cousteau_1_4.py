"""Drives AtlasStream of ripe.atlas.cousteau 1.4: `cousteau_1_4.py URL TRANSPORT`, TRANSPORT being websocket or xhr-polling.

The release only supports port 80 and the transport websocket, by an upgrade from polling; here its SocketIO gets other settings.
"""

import functools
import sys
import urllib.parse

from ripe.atlas.cousteau import stream

from lines import report, run_lines_in_background


def report_event(namespace, event):
    """Report an event after the release has handled it."""
    method = getattr(namespace, f"on_{event}")

    def handle(self, *arguments):
        method(self, *arguments)
        report("connect" if event == "reconnect" else event, *arguments)

    setattr(namespace, f"on_{event}", handle)


def main(url, transport):
    address = urllib.parse.urlsplit(url)
    connect = stream.SocketIO
    stream.SocketIO = lambda **settings: connect(**{**settings, "port": address.port, "transports": [transport]})
    for event in ["connect", "disconnect", "reconnect", "atlas_subscribed"]:
        report_event(stream.AtlasNamespace, event)
    atlas = stream.AtlasStream(debug=True, server=address.hostname)
    atlas.connect()
    atlas.bind_channel("atlas_result", functools.partial(report, "atlas_result"))
    for event in ["atlas_error", "atlas_unsubscribed"]:
        atlas.socketIO.on(event, functools.partial(report, event))
    if atlas.socketIO.transport_name == "websocket":
        report("upgrade", "websocket")

    def emit(event, parameters):
        if event == atlas.EVENT_NAME_SUBSCRIBE:
            del parameters["buffering"]  # which it adds
            atlas.start_stream(parameters.pop("stream_type"), **parameters)
        else:
            atlas.socketIO.emit(event, parameters)  # it has no unsubscribe

    run_lines_in_background(emit)
    atlas.timeout()


main(*sys.argv[1:])
