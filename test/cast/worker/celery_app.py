"""The application's Celery task as far as purchase-fix can see it: name, arguments, settings and retries."""

import logging
import os
import time

from celery import Celery

log = logging.getLogger(__name__)
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
    broker_transport_options={"visibility_timeout": int(os.environ.get("VISIBILITY_TIMEOUT", "3600"))},
)
if "CELERY_KEYPREFIX" in os.environ:
    app.conf.broker_transport_options = {"global_keyprefix": os.environ["CELERY_KEYPREFIX"]}


def tell(level, word, pixel_id, event_data, **fields):
    """A line as the application writes it: its access token and its customer are never among the fields."""
    told = {**fields, "Pixel": pixel_id}
    if "Error" in fields:
        told["Error"] = told.pop("Error")
    if word == "SUCCESS":
        told = {"ID": event_data.get("event_id"), "Pixel": pixel_id, "Latency": "3ms", **fields}
    rest = " | ".join(f"{name}: {value}" for name, value in told.items())
    log.log(level, "%s | Meta Event | %s | %s", word, event_data.get("event_name"), rest)


@app.task(name="celery_app.send_meta_event", bind=True, max_retries=10)
def send_meta_event(self, pixel_id, access_token, event_data, test_code=None):
    """
    Does what event_data["behaviour"] says: run while a file exists, sleep, find its data invalid, get statuses from
    Meta one a run (or no answer: "reset"). It logs what the application logs.
    """
    behaviour = event_data.get("behaviour", {})
    doublings = 2**self.request.retries
    attempt = f"{self.request.retries + 1}/10"
    if behaviour.get("invalid"):
        log.error("Event data inválido: value ausente em %r", event_data)
        log.error("Event: %s | ID: %s", event_data.get("event_name"), event_data.get("event_id"))
        raise ValueError(f"Event data inválido: {event_data!r}, {access_token}")
    try:
        while "while_exists" in behaviour and os.path.exists(behaviour["while_exists"]):
            time.sleep(0.05)
        time.sleep(behaviour.get("sleep", 0))
        statuses = behaviour.get("statuses", [])
        status = statuses[self.request.retries] if self.request.retries < len(statuses) else 200
        if status == "reset":
            raise ConnectionError(f"Connection reset by peer, while sending {access_token} {event_data!r}")
        if status == 429:
            tell(logging.WARNING, "RATE_LIMIT", pixel_id, event_data, Attempt=attempt)
            raise self.retry(countdown=behaviour.get("countdown", 60 * doublings))
        if status >= 500:
            tell(logging.WARNING, "RETRY", pixel_id, event_data, Status=status, Attempt=attempt)
            raise self.retry(countdown=doublings)
        if status >= 400:
            error = '{"error":{"message":"Invalid parameter","type":"OAuthException","code":100,"error_subcode":2804003}}'
            tell(logging.ERROR, "FAILED", pixel_id, event_data, Status=status, Error=error)
            return None
        tell(logging.INFO, "SUCCESS", pixel_id, event_data, EventsReceived=1)
        return {"events_received": 1, "messages": [], "fbtrace_id": "A" + self.request.id[:8]}
    except Exception as error:
        # As in the application: this catches its own retry() as well, so that one answer queues two copies.
        tell(logging.ERROR, "EXCEPTION", pixel_id, event_data, Error=str(error)[:200])
        raise self.retry(exc=error, countdown=behaviour.get("countdown", doublings))
