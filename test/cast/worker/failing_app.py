"""An application that cannot be loaded, and names its secrets while it fails."""

import os

raise RuntimeError(f"cannot connect to {os.environ['CELERY_BROKER_URL']}")
