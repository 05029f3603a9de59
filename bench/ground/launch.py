# Runs programs one after another, as told by lines of JSON on stdin, and says what each took. Only a parent learns CPU
# and peak memory of its own child (wait4), and Node gives neither away. Small and without threads: its size would be the
# least peak that a child can have, and nothing of it runs while a child does.
import json
import os
import sys
import time

MEGABYTE = 1024.0

for line in sys.stdin:
    order = json.loads(line)
    os.chdir(order["cwd"])
    create = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    files = [
        (os.POSIX_SPAWN_OPEN, 0, order["stdin"], os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, order["stdout"], create, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, order["stderr"], create, 0o600),
    ]
    begun = time.perf_counter_ns()
    try:
        pid = os.posix_spawn(order["argv"][0], order["argv"], order["env"], file_actions=files)
    except OSError as error:
        print(json.dumps({"failure": str(error)}), flush=True)
        continue
    print(json.dumps({"pid": pid}), flush=True)
    _, status, used = os.wait4(pid, 0)
    ended = time.perf_counter_ns()
    print(
        json.dumps(
            {
                "code": os.waitstatus_to_exitcode(status),
                "wallMs": (ended - begun) / 1e6,
                "cpuMs": (used.ru_utime + used.ru_stime) * 1e3,
                "peakMb": used.ru_maxrss / MEGABYTE,
            }
        ),
        flush=True,
    )
