import { expect, test } from "vitest";
import { shortened } from "../../src/acting/shortened.js";

test.each([
  ["Meta received it (/var/log/celery/celery.log.1:31)", "Meta received it (celery.log.1:31)"],
  [
    "queued, task 00fb8673-8b42-4835-884f-3e32248c1e89 (gunicorn.log:7)",
    "queued, task 00fb8673… (gunicorn.log:7)",
  ],
  [
    "sent as purchase_9445 to graph.example/v26.0 (read/write)",
    "sent as purchase_9445 to graph.example/v26.0 (read/write)",
  ],
  ["went to pixel 1234567890, and its pool has 1001", "went to pixel …7890, and its pool has 1001"],
  // An event id is sent and searched for as it is, whatever its shape.
  ["event id 3f0a1b2c-1111-2222-3333-444455556666", "event id 3f0a1b2c-1111-2222-3333-444455556666"],
])("%s", (text, short) => {
  expect(shortened(text)).toBe(short);
});
