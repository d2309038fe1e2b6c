import json
import os  # for TOKEN

import websocket  # of websocket-client

connection = websocket.create_connection(
    "__WEBSOCKET__/stream/",
    header=["Authorization: Bearer " + os.environ["TOKEN"]],
)
connection.send(r'["atlas_subscribe",__SUBSCRIPTION__]')
while message := connection.recv():
    event, payload, *cursor = json.loads(message)
    print(event, payload)
