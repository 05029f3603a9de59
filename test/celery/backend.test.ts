import { expect, test } from "vitest";
import { resultBackend } from "../../src/celery/backend.js";
import { Secret } from "../../src/redact.js";

const backend = (broker: string | null, named: string | null) => {
  const found = resultBackend(
    broker === null ? null : new Secret(broker),
    named === null ? null : new Secret(named),
  );
  return "url" in found ? found.url.reveal() : found.unreadable;
};

test("the backend that is named is read, whatever the broker is", () => {
  expect(backend("amqp://broker", "redis://:secret@results:6380/4")).toBe("redis://:secret@results:6380/4");
  expect(backend(null, "rediss://results/1")).toBe("rediss://results/1");
});

test("without a name it is database 1 of the broker's Redis, as the application has it", () => {
  expect(backend("redis://:se%23cret@broker:6379/0", null)).toBe("redis://:se%23cret@broker:6379/1");
  expect(backend("rediss://broker?ssl_cert_reqs=required", null)).toBe(
    "rediss://broker/1?ssl_cert_reqs=required",
  );
});

test("behind a socket file the database is a parameter", () => {
  expect(backend("redis+socket:///run/redis.sock?virtual_host=0", null)).toBe(
    "redis+socket:///run/redis.sock?virtual_host=1",
  );
});

test.each([
  ["sentinel://broker:26379/0", null, "the broker is no Redis, and CELERY_RESULT_BACKEND is not set"],
  ["redis://broker/0", "rpc://", "CELERY_RESULT_BACKEND is no URL of a Redis"],
  ["redis://broker/0", "db+postgresql://u:secret@h/d", "CELERY_RESULT_BACKEND is no URL of a Redis"],
  ["amqp://broker", null, "the broker is no Redis, and CELERY_RESULT_BACKEND is not set"],
  [null, null, "neither CELERY_RESULT_BACKEND nor a broker is configured"],
])("nothing is guessed from %s and %s", (broker, named, why) => {
  expect(backend(broker, named)).toBe(why);
});
