import type { JournalReader, Output } from "../context.js";
import type { EvidenceReader, Home } from "../ports.js";

/** Warns once, before anything is concluded from a journal that was written elsewhere. It never fails a look. */
export function warnOnce(home: Pick<Home, "away">, output: Pick<Output, "warn">): () => Promise<void> {
  let warned: Promise<void> | null = null;
  const look = async () => {
    const name = await home.away().catch(() => null); // The look itself tells what is wrong with the database.
    if (name === null) return;
    output.warn(
      `this journal was written in another database (${name}): what that one has sent since is not on record here`,
    );
  };
  return () => (warned ??= look());
}

/** Evidence, with that warning first. */
export function warned(evidence: EvidenceReader, warn: () => Promise<void>): EvidenceReader {
  return {
    about: async (...given) => {
      await warn();
      return await evidence.about(...given);
    },
  };
}

/** The journal, likewise. */
export function warnedJournal(journal: JournalReader, warn: () => Promise<void>): JournalReader {
  return {
    entries: async (filter) => {
      await warn();
      return await journal.entries(filter);
    },
    inverse: async (run) => {
      await warn();
      return await journal.inverse(run);
    },
  };
}
