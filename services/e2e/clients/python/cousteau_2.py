"""Drives AtlasStream of ripe.atlas.cousteau 2: `cousteau_2.py URL`. It does not come back when it was cut off: its connect() takes a closed connection for one."""

import functools
import sys

from ripe.atlas.cousteau import AtlasStream

from lines import obey_in_background, say


def main(url):
    stream = AtlasStream(base_url=url)
    for event in stream.VALID_EVENTS:
        stream.bind(event, functools.partial(say, event))
    stream.connect()
    say("connect")

    def emit(event, parameters):
        does = stream.subscribe if event == stream.EVENT_NAME_SUBSCRIBE else stream.unsubscribe
        does(parameters.pop("stream_type"), **parameters)

    obey_in_background(emit)
    stream.timeout()


main(*sys.argv[1:])
