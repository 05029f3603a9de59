"""Queues one task for each event of the JSON list on stdin, as the application does, and prints their ids as JSON."""

import json
import sys

from celery_app import send_meta_event

ids = []
for order in json.load(sys.stdin):
    data = {"event_name": order["name"], "event_id": order["event_id"], "behaviour": order["behaviour"]}
    pixel, token = order["pixel"], order["token"]
    if order["name"] == "Purchase":
        sent = send_meta_event.apply_async((pixel, token, data, None), priority=1)
    else:
        sent = send_meta_event.apply_async(
            kwargs={"pixel_id": pixel, "access_token": token, "event_data": data, "test_code": None}
        )
    ids.append(sent.id)
print(json.dumps(ids))
