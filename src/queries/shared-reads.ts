import type { Tx } from "./database.js";

/** Reads that follow one another without a pause, in one transaction. */
export interface SharedReads {
  read<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Settles when no transaction of a read is open that has no work, so that its connection is free. */
  end(): Promise<void>;
}

/** So many at most: as long as it is open, its locks keep an `alter table` waiting. */
const MOST = 20;
/** Nor is one gone on with that has lain idle while sales were judged, milliseconds: its session may have been ended since. */
const IDLE_MS = 1_000;

type Work = (tx: Tx) => Promise<void>;

/**
 * A read leaves its transaction open until the event loop has nothing else to do, and a read that comes before goes on in
 * it: a survey has seven, and each took two turns more. Every statement sees what is committed when it runs, be it the
 * first of its transaction or not.
 */
export function sharedReads(begin: (work: Work) => Promise<void>): SharedReads {
  /** Hands work to the open transaction that has none; null commits it. */
  let hand: ((work: Work | null) => void) | null = null;
  let ended: Promise<void> = Promise.resolve();
  let idleSince = 0;
  /** A commit under way: whoever did not wait for it would open another connection. */
  let committing: Promise<void> | null = null;

  function start(first: Work): Promise<void> {
    const done = begin(async (tx) => {
      let work: Work | null = first;
      for (let count = 1; work !== null; count++) {
        await work(tx);
        work = count < MOST ? await next() : null;
      }
    });
    const next = () =>
      new Promise<Work | null>((resolve) => {
        ended = done;
        idleSince = performance.now();
        const own = (hand = (work) => {
          clearImmediate(idle);
          if (hand === own) hand = null;
          if (work === null) committing = settled(done);
          resolve(work);
        });
        const idle = setImmediate(own, null);
      });
    return done;
  }

  async function settled(done: Promise<void>): Promise<void> {
    await done.catch(() => undefined);
    committing = null;
  }

  return {
    read: async (work) => {
      if (performance.now() - idleSince > IDLE_MS) hand?.(null);
      await committing;
      return await new Promise((resolve, reject) => {
        const own: Work = async (tx) => resolve(await work(tx));
        const handed = hand;
        handed?.(own);
        // What fails has failed once its transaction is rolled back.
        (handed === null ? start(own) : ended).catch(reject);
      });
    },
    end: async () => {
      hand?.(null);
      await committing;
    },
  };
}
