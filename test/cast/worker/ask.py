"""Prints what the workers answer to the questions about tasks, as JSON; waits for as many as the argument says."""

import json
import sys

from celery_app import app

ask = app.control.inspect(timeout=0.5, limit=int(sys.argv[1]) or 1)
questions = ("active", "reserved", "scheduled", "active_queues")
print(json.dumps({question: getattr(ask, question)() or {} for question in questions}))
