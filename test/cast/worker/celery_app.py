"""The application's Celery task as far as purchase-fix can see it: name, arguments, settings and retries."""

import os
import time

from celery import Celery

app = Celery("celery_app", broker=os.environ["CELERY_BROKER_URL"])
app.conf.update(
    result_backend=os.environ.get("CELERY_RESULT_BACKEND"),
    task_serializer="json",
    accept_content=["json"],
    result_serializer="json",
    enable_utc=True,
    timezone="America/Sao_Paulo",
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_time_limit=300,
    result_expires=3600,
    task_default_queue="celery",
)
if "CELERY_KEYPREFIX" in os.environ:
    app.conf.broker_transport_options = {"global_keyprefix": os.environ["CELERY_KEYPREFIX"]}


@app.task(name="celery_app.send_meta_event", bind=True, max_retries=10)
def send_meta_event(self, pixel_id, access_token, event_data, test_code=None):
    """Does what event_data["behaviour"] says: run while a file exists, sleep, get statuses from Meta one a run."""
    behaviour = event_data.get("behaviour", {})
    doublings = 2**self.request.retries
    try:
        while "while_exists" in behaviour and os.path.exists(behaviour["while_exists"]):
            time.sleep(0.05)
        time.sleep(behaviour.get("sleep", 0))
        statuses = behaviour.get("statuses", [])
        status = statuses[self.request.retries] if self.request.retries < len(statuses) else 200
        if status == 429:
            raise self.retry(countdown=60 * doublings)
        if status >= 500:
            raise self.retry(countdown=doublings)
        if status >= 400:
            return None
        return {"events_received": 1, "messages": [], "fbtrace_id": "A" + self.request.id[:8]}
    except Exception as error:
        # As in the application: this catches its own retry() as well, so that one answer queues two copies.
        raise self.retry(exc=error, countdown=doublings)
