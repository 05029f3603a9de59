"""An application that prints while it is imported, as real ones do: text, and even an answer that is none."""

import sys

print("🚀 [BOOT] Inicialização concluída")
print('{"level": "info", "ghost@nowhere": {"ok": "pong"}}')
print("{'not': json}")
print("DeprecationWarning: something old", file=sys.stderr)

from celery_app import app  # noqa: E402, F401
