"""An application whose worker listens on the same broker and knows no task that sends to Meta."""

import os

from celery import Celery

app = Celery("other_app", broker=os.environ["CELERY_BROKER_URL"])


@app.task
def tidy():
    """Something else."""
