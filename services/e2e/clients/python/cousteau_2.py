"""Drives AtlasStream of ripe.atlas.cousteau 2: `cousteau_2.py URL`. It does not reconnect: its connect() takes a closed connection for an open one."""

import functools
import sys

from ripe.atlas.cousteau import AtlasStream

from lines import report, run_lines_in_background


def main(url):
    stream = AtlasStream(base_url=url)
    for event in stream.VALID_EVENTS:
        stream.bind(event, functools.partial(report, event))
    stream.connect()
    report("connect")

    def emit(event, parameters):
        does = stream.subscribe if event == stream.EVENT_NAME_SUBSCRIBE else stream.unsubscribe
        does(parameters.pop("stream_type"), **parameters)

    run_lines_in_background(emit)
    stream.timeout()


main(*sys.argv[1:])
