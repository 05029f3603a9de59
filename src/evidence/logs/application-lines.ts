import type { Said } from "./event.js";
import { idOf } from "./id.js";
import { quote } from "./quote.js";
import { reasonOf } from "./reason.js";

/*
 * What the web process says of a Purchase. Names that people choose (a pool's, a product's) stand in the middle of some
 * lines and may hold anything: what follows them is read from the end.
 */

type Ids = Omit<Said, "kind">;
type Rule = readonly [kind: Said["kind"], shape: RegExp, read: (parts: readonly string[]) => Ids | null];

const uuid = "([0-9a-fA-F-]{36})";
/** Printable ASCII without blanks: anything else is a broken line. */
const id = "([!-~]+?)";

const rules: readonly Rule[] = [
  ["begins", /Enviando Purchase via Server.* para payment ([!-~]+)/, ([, name]) => payment(name)],
  ["will-use", /\[META DELIVERY\].*event_id que ser.{1,3} usado.*: ([!-~]+)\s*$/, ([, text]) => event(text)],
  ["flagged", /\[META DELIVERY\].*meta_purchase_sent marcado como True/, () => ({})],
  [
    "queueing",
    new RegExp(`INICIANDO ENFILEIRAMENTO: Payment ${id} \\|.*\\| Pixel: (\\d{5,25})\\s*$`),
    ([, name, pixelId = ""]) => ({ ...payment(name), pixelId }),
  ],
  [
    "event-data",
    new RegExp(`Event Data: event_name=Purchase, event_id=${id}, event_time=\\d+`),
    ([, text]) => event(text),
  ],
  [
    "queued",
    new RegExp(`Purchase enfileirado: .*\\| Event ID: ${id} \\| Task: ${uuid} \\|`),
    ([, text, taskId = ""]) => ({ ...event(text), taskId }),
  ],
  [
    "sent",
    new RegExp(`Purchase ENVIADO: ${id} \\| Events Received: (\\d{1,6}) \\| event_id: ([!-~]+)\\s*$`),
    ([, name, received, text]) => ({ ...payment(name), ...event(text), received: Number(received) }),
  ],
  ["stored", /meta_event_id atualizado: ([!-~]+)\s*$/, ([, text]) => event(text)],
  [
    "returned-nothing",
    new RegExp(`Purchase FALHOU silenciosamente: .*?\\| Result: (.*) \\| Task: ${uuid}`),
    ([, result = "", taskId = ""]) => ({ taskId, words: reasonOf(result) }),
  ],
  [
    "wait-failed",
    new RegExp(`Purchase FALHOU \\(timeout/erro\\): .*?\\| Erro: (.*) \\| Task: ${uuid}`),
    ([, error = "", taskId = ""]) => ({ taskId, words: reasonOf(error) }),
  ],
  ["reverted", /meta_purchase_sent revertido/, () => ({})],
  [
    "not-queued",
    /ERRO CR.{1,3}TICO ao enfileirar Purchase no Celery: (.*)$/,
    ([, why = ""]) => ({ words: reasonOf(why) }),
  ],
  [
    "misconfigured",
    /PROBLEMA RAIZ: (.*)\(Payment ([!-~]+)\)/,
    ([, why = "", name]) => ({ ...payment(name), words: quote(why) }),
  ],
  [
    "undecryptable",
    /Erro ao descriptografar access_token do pool (\d+).*\(Payment ([!-~]+)\)/,
    ([, pool = "", name]) => ({
      ...payment(name),
      words: `the access token of pool ${pool} cannot be decrypted`,
    }),
  ],
];

/** Null: it means nothing to us. `"unreadable"`: it is one of ours, but its ids are broken. */
export function readApplication(message: string): Said | "unreadable" | null {
  for (const [kind, shape, read] of rules) {
    const parts = shape.exec(message);
    if (!parts) continue;
    const ids = read(parts);
    return ids === null || !complete(ids) ? "unreadable" : { kind, ...ids };
  }
  return ours.test(message) ? "unreadable" : null;
}

/** Beginnings of our lines whose rest could not be read. */
const ours =
  /INICIANDO ENFILEIRAMENTO|Event Data: event_name=Purchase|Purchase (?:enfileirado|ENVIADO|FALHOU)|Enviando Purchase via Server/;

function complete({ paymentId, eventId }: Ids): boolean {
  return paymentId !== "" && eventId !== "";
}

/** A number is the sale's own id, anything else its payment id. */
function payment(name = ""): Ids {
  const bare = idOf(name.replace(/[.,:;)\]]+$/, ""));
  return /^\d{1,15}$/.test(bare) ? { saleId: Number(bare) } : { paymentId: bare };
}

/** The application cuts some ids at 50 characters and adds dots whether it cut or not. */
export function event(text = ""): Ids {
  const bare = idOf(text.replace(/\.\.\.$/, ""));
  return bare !== text && bare.length >= 50 ? { eventId: bare, cut: true } : { eventId: bare };
}
