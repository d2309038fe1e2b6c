"""Drives AtlasStream of ripe.atlas.cousteau 1.5: `cousteau_1_5.py URL TRANSPORT`, TRANSPORT being websocket or polling."""

import functools
import sys

from ripe.atlas.cousteau import AtlasStream
from ripe.atlas.cousteau.stream import AtlasClientNamespace

from lines import PATIENCE, handle_in_order, report, run_lines


class Namespace(AtlasClientNamespace):
    """Reports an event after the release has handled it."""

    def trigger_event(self, event, *arguments):
        super().trigger_event(event, *arguments)
        if event != "atlas_result":
            report(event, *arguments)


class Stream(AtlasStream):
    Namespace = Namespace


def main(url, transport):
    stream = Stream(base_url=url, transport=transport)
    handle_in_order(stream.socketIO)
    stream.socketIO.eio.request_timeout = PATIENCE
    stream.socketIO.reconnection_delay = stream.socketIO.reconnection_delay_max = 0.05  # s
    stream.bind_channel("atlas_result", functools.partial(report, "atlas_result"))
    stream.connect()

    def emit(event, parameters):
        del parameters["buffering"]  # which it adds
        does = stream.start_stream if event == stream.EVENT_NAME_SUBSCRIBE else stream.unsubscribe
        does(parameters.pop("stream_type"), **parameters)

    run_lines(emit)


main(*sys.argv[1:])
