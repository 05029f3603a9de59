import type { Claim } from "../ports.js";
import { proofOfDelivery } from "../sales/click.js";
import type { Planned } from "../sales/plan.js";
import { shortInWords } from "../sales/short.js";
import type { Judged } from "../sales/verdict.js";
import type { RowOptions, RowPorts } from "./rows.js";
import { Rows } from "./rows.js";
import type { Sent } from "./send.js";
import { guardOf } from "./state.js";

/** Gives stuck sales back to the application: the next visit of the delivery page sends them. */
export function revert(ports: RowPorts, planned: readonly Planned[], options: RowOptions): Promise<Sent> {
  return new Rows(ports, options, {
    because: "given back: the next visit of the delivery page sends it",
    write: (lease, chunk) => ports.attempts.revert(lease, chunk.map(guardOf)),
  }).run(planned);
}

/** Writes the event id of sales that Meta already has. Sends nothing. */
export function confirm(ports: RowPorts, planned: readonly Planned[], options: RowOptions): Promise<Sent> {
  return new Rows(ports, options, {
    because: "Meta had it already",
    note: ({ judged: { sale, evidence } }) => shortInWords(sale, evidence),
    write: (lease, chunk) =>
      ports.attempts.confirm(
        lease,
        chunk.map((item) => ({ ...guardOf(item), ...accepted(item.judged) })),
      ),
  }).run(planned);
}

/** The id and pixel of the acceptance that proves it, which need not be those that a send would bear. */
function accepted({ sale, evidence, identity }: Judged): Pick<Claim, "eventId" | "pixelId" | "origin"> {
  const proof = proofOfDelivery(sale, evidence);
  return {
    eventId: proof?.eventId ?? identity.eventId,
    pixelId: proof?.pixelId ?? identity.pixelId ?? "",
    origin: proof?.source ?? identity.origin,
  };
}
