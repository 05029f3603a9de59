import { jsonText } from "./json-text.js";

/** The bodies of requests, whose memory is used again. */
export interface Bodies {
  /** `{"data":[…]}` of events that are JSON already. */
  of(events: readonly string[], testEventCode: string | null): Buffer;
  /** Takes the memory back. Only of a request that was answered as read: of another one it may still be leaving. */
  done(body: Buffer): void;
}

/** A thousand events take a little less, so that most bodies never grow. */
const FIRST_BYTES = 2 ** 20;

/** A column that holds a book must not stay in memory for the rest of the run. */
const MOST_KEPT_BYTES = 8 * FIRST_BYTES;

/**
 * As many stay as requests were ever under way at once. A fresh megabyte for each of them cost 1 µs an event: the system
 * hands memory out page by page, and the collector is called for what lies outside its heap.
 */
export function openBodies(): Bodies {
  const idle: Buffer[] = [];
  return {
    of(events, testEventCode) {
      const code = testEventCode ? `,"test_event_code":${jsonText(testEventCode)}` : "";
      let memory = idle.pop() ?? Buffer.allocUnsafeSlow(FIRST_BYTES);
      let at = 0;
      const add = (text: string): void => {
        // In UTF-8 no unit of a text takes more than three bytes.
        const wanted = at + text.length * 3;
        if (wanted > memory.length) {
          const larger = Buffer.allocUnsafeSlow(wanted * 2);
          memory.copy(larger, 0, 0, at);
          memory = larger;
        }
        at += memory.write(text, at, "utf8");
      };
      events.forEach((event, n) => {
        add(n === 0 ? '{"data":[' : ",");
        add(event);
      });
      add(`]${code}}`);
      return memory.subarray(0, at);
    },
    done({ buffer }) {
      if (buffer.byteLength <= MOST_KEPT_BYTES) idle.push(Buffer.from(buffer));
    },
  };
}
