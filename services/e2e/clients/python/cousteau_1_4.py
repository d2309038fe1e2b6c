"""Drives AtlasStream of ripe.atlas.cousteau 1.4: `cousteau_1_4.py URL TRANSPORT`, TRANSPORT being websocket or xhr-polling.

The release knows port 80 and the transport websocket only, to which it gets by an upgrade from polling; here its SocketIO is told otherwise.
"""

import functools
import sys
import urllib.parse

from ripe.atlas.cousteau import stream

from lines import obey_in_background, say


def tell(namespace, event):
    """Have what the release itself does about an event said too."""
    method = getattr(namespace, f"on_{event}")

    def told(self, *arguments):
        method(self, *arguments)
        say("connect" if event == "reconnect" else event, *arguments)

    setattr(namespace, f"on_{event}", told)


def main(url, transport):
    address = urllib.parse.urlsplit(url)
    connect = stream.SocketIO
    stream.SocketIO = lambda **settings: connect(**{**settings, "port": address.port, "transports": [transport]})
    for event in ["connect", "disconnect", "reconnect", "atlas_subscribed"]:
        tell(stream.AtlasNamespace, event)
    atlas = stream.AtlasStream(debug=True, server=address.hostname)
    atlas.connect()
    atlas.bind_channel("atlas_result", functools.partial(say, "atlas_result"))
    for event in ["atlas_error", "atlas_unsubscribed"]:
        atlas.socketIO.on(event, functools.partial(say, event))
    if atlas.socketIO.transport_name == "websocket":
        say("upgrade", "websocket")

    def emit(event, parameters):
        if event == atlas.EVENT_NAME_SUBSCRIBE:
            del parameters["buffering"]  # which it adds
            atlas.start_stream(parameters.pop("stream_type"), **parameters)
        else:
            atlas.socketIO.emit(event, parameters)  # it has no unsubscribe

    obey_in_background(emit)
    atlas.timeout()


main(*sys.argv[1:])
