import type { ProofByWord } from "../sales/word.js";
import type { Work } from "./perform.js";
import type { ActingContext } from "../context.js";
import { Rows } from "./rows.js";
import { guardOf } from "./state.js";

/** Writes the event id that an operator vouches for, with the reason for it. Sends nothing. */
export function confirmByWord({ eventId, reason, by }: ProofByWord): Work<ActingContext> {
  const because = `${by} attests that Meta has it: ${reason}`;
  return (ports, planned, options) =>
    new Rows(ports, options, {
      because,
      write: (lease, chunk) =>
        ports.attempts.confirm(
          lease,
          chunk.map((item) => ({
            ...guardOf(item),
            eventId,
            pixelId: item.judged.identity.pixelId ?? "",
            origin: "attestation",
            because,
          })),
        ),
    }).run(planned);
}
