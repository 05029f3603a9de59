"""Queues one task for each element of the JSON list on stdin (its behaviour), and prints their ids as JSON."""

import json
import sys

from celery_app import send_meta_event

order = json.load(sys.stdin)
ids = []
for number, behaviour in enumerate(order["behaviours"]):
    event_id = behaviour.get("event_id", f"purchase_{number}")
    event_data = {"event_name": "Purchase", "event_id": event_id, "behaviour": behaviour}
    ids.append(send_meta_event.apply_async((order["pixel"], order["token"], event_data, None)).id)
print(json.dumps(ids))
