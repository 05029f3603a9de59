import type { Fate } from "./fates.js";
import type { PixelConfig } from "./graph/types.js";

/**
 * The incident of the demo, as data: what the shop's rows say, what its logs tell, and what in truth happened at Meta.
 * The same for every run but for the moments, which are counted from now.
 */

/** Why a sale is in the story. */
export type Part =
  | "report" // one of the eight that the operator reported
  | "upsell" // stuck, and bears the click of another sale
  | "two-pixels" // stuck, its bot is in two pools of different pixels
  | "twin-pools" // stuck, its bot is in two pools of one pixel
  | "young" // flagged minutes ago: its own task may still run
  | "misconfigured" // the shop's rows keep it from being sent
  | "made-up" // stuck, under an id that only the logs know
  | "untraceable" // nobody knows under which id or at which pixel it was sent
  | "earlier" // stuck, before the last 24 hours
  | "expired" // paid over 7 days ago
  | "healthy" // confirmed
  | "unpaid";

export interface Sale {
  readonly id: number;
  readonly part: Part;
  readonly bot: number;
  /** BRL. */
  readonly amount: number;
  readonly product: string;
  /** When the customer asked for the PIX code; paid 3 minutes later, flagged another 2 minutes later. */
  readonly hoursAgo: number;
  readonly status: "paid" | "pending" | "cancelled";
  /** The click's event id in the row; null where the application made one up on the spot. */
  readonly pageview: string | null;
  /** The customer, by a number; null where the row says nothing of them. */
  readonly customer: number | null;
  readonly isUpsell: boolean;
  /** The event id under which Meta received the application's own event, and the pixel; null where it never did. */
  readonly atMeta: { readonly pixel: string; readonly eventId: string } | null;
  /** What the logs tell of it; null where they have nothing. */
  readonly fate: Fate | null;
}

const hour = 3_600_000;
const minute = 60_000;

/** When it was paid, and when its flag was set; milliseconds since 1970. */
export function moments(
  { hoursAgo }: Sale,
  now: number,
): { readonly paid: number; readonly flagged: number } {
  const paid = now - hoursAgo * hour + 3 * minute;
  return { paid, flagged: paid + 2 * minute };
}

export function paymentIdOf(sale: Sale, now: number): string {
  const { paid } = moments(sale, now);
  return `BOT${sale.bot}_${Math.floor(paid / 1000)}_${(sale.id * 1237).toString(16)}`;
}

/** What the application makes up where no page view is known. */
export function madeUpId(sale: Sale, now: number): string {
  return `purchase_${sale.id}_${Math.floor(moments(sale, now).flagged / 1000)}`;
}

export const music = { id: "190019001900190", name: "Violão", tokens: ["token-of-violao"] };
export const kitchen = { id: "430043004300430", name: "Receitas", tokens: ["token-of-receitas"] };
export const languages = { id: "310031003100310", name: "Inglês", tokens: ["token-of-ingles"] };
export const pixels: readonly PixelConfig[] = [music, kitchen, languages];

export const bots = [
  { id: 19, name: "Violão em Casa", username: "violao_em_casa_bot" },
  { id: 23, name: "Ukulele Fácil", username: "ukulele_facil_bot" },
  { id: 31, name: "Inglês Todo Dia", username: "ingles_todo_dia_bot" },
  { id: 37, name: "Francês no Almoço", username: "frances_no_almoco_bot" },
  { id: 43, name: "Receitas da Vovó", username: "receitas_da_vovo_bot" },
  { id: 61, name: "Horta na Varanda", username: "horta_na_varanda_bot" },
  { id: 62, name: "Tricô Moderno", username: "trico_moderno_bot" },
  { id: 63, name: "Costura Simples", username: "costura_simples_bot" },
] as const;

/** Bots 61 to 63 cannot send: tracking is off, the pixel is missing, the token is corrupt. */
export const pools = [
  { id: 1, name: "Música", slug: "musica", pixel: music, bots: [19, 23] },
  { id: 2, name: "Música, segunda página", slug: "musica-2", pixel: music, bots: [23] },
  { id: 3, name: "Cozinha", slug: "cozinha", pixel: kitchen, bots: [43] },
  { id: 4, name: "Idiomas", slug: "idiomas", pixel: languages, bots: [31, 37] },
  { id: 5, name: "Idiomas, página antiga", slug: "idiomas-antiga", pixel: music, bots: [37] },
  { id: 6, name: "Horta", slug: "horta", pixel: kitchen, bots: [61], tracking: false },
  { id: 7, name: "Tricô", slug: "trico", pixel: null, bots: [62] },
  { id: 8, name: "Costura", slug: "costura", pixel: kitchen, bots: [63], tokenText: "gAAAAABcorrupt" },
] as const;

const products: Readonly<Record<number, readonly [string, number]>> = {
  19: ["Curso de violão", 97],
  23: ["Curso de ukulele", 67],
  31: ["Inglês em 30 dias", 147],
  37: ["Francês para viagem", 127],
  43: ["Apostila de receitas", 29.9],
  61: ["Guia da horta", 39.9],
  62: ["Moldes de tricô", 24.9],
  63: ["Moldes de costura", 44.9],
};

/** The eight of the incident report. */
const report: Readonly<Record<number, Fate>> = {
  9445: "waits for a retry",
  9438: "sent late",
  9436: "not stored",
  9431: "refused",
  9427: "web process died",
  9420: "not valid",
  9412: "5xx, then refused",
  9405: "queue lost",
};

/** Meta had received these, and only storing the id had failed. */
const arrived: ReadonlySet<Fate> = new Set([
  "sent late",
  "not stored",
  "web process died",
  "5xx, then refused",
]);

export const reported: readonly number[] = Object.keys(report)
  .map(Number)
  .toSorted((a, b) => b - a);

/** All sales, the oldest first. */
export function sales(): readonly Sale[] {
  const timeline = Array.from({ length: newest - oldest + 1 }, (_, index) => oldest + index);
  return [...earlier, ...timeline.map((id) => special[id] ?? ordinary(id))];
}

/** The last day and a little more: one sale every eleven minutes. */
const [oldest, newest] = [9321, 9452];

function onTimeline(id: number): number {
  return 0.1 + (newest - id) * 0.185;
}

function sale(id: number, part: Part, bot: number, changes: Partial<Sale> = {}): Sale {
  const [product, amount] = products[bot] ?? ["Curso", 97];
  const hoursAgo = onTimeline(id);
  const pageview = `pageview_${String(id).padStart(12, "0")}`;
  const usual = { product, amount, hoursAgo, status: "paid", pageview, customer: id } as const;
  return { id, part, bot, isUpsell: false, atMeta: null, fate: null, ...usual, ...changes };
}

/** Received by Meta, although the row does not know it (or, for healthy ones, because it does). */
function received(row: Sale, eventId = row.pageview): Sale {
  const pixel = pools.find((pool) => pool.bots.some((bot) => bot === row.bot))?.pixel?.id;
  return pixel === undefined || eventId === null ? row : { ...row, atMeta: { pixel, eventId } };
}

function ordinary(id: number): Sale {
  const bot = [19, 43, 19, 31, 43, 23][id % 6] ?? 19;
  if (id % 11 === 3) return sale(id, "unpaid", bot, { status: id % 2 === 0 ? "cancelled" : "pending" });
  return received(sale(id, "healthy", bot, { fate: "well" }));
}

/** An upsell of ten minutes later: the same customer, and the same click. */
function upsell(id: number, first: Sale): Sale {
  const more = { product: `${first.product}, módulo 2`, amount: 47, isUpsell: true };
  const same = { pageview: first.pageview, customer: first.customer };
  return received(sale(id, "upsell", first.bot, { ...more, ...same, fate: "sent late" }));
}

const theEight = Object.entries(report).map(([id, fate], index) => {
  const row = sale(Number(id), "report", index % 2 === 0 ? 43 : 19, { fate });
  return arrived.has(fate) ? received(row) : row;
});

const first9433 = received(sale(9433, "healthy", 19, { fate: "well" }));
const first9436 = theEight.find(({ id }) => id === 9436) ?? first9433;

/** The application made up an id for it and stored it nowhere; Meta has the sale under that id. */
const made9349 = received(sale(9349, "untraceable", 43, { pageview: null }), "purchase_9349_1763607031");

const special: Readonly<Record<number, Sale>> = Object.fromEntries(
  [
    ...theEight,
    first9433,
    upsell(9434, first9433),
    upsell(9437, first9436),
    sale(9424, "twin-pools", 23, { fate: "queue lost" }),
    sale(9452, "young", 19, { fate: "young" }),
    sale(9451, "young", 31, { fate: "young" }),
    sale(9442, "misconfigured", 61, { fate: "tracking off" }),
    sale(9429, "misconfigured", 62, { fate: "no pixel" }),
    sale(9416, "misconfigured", 63, { fate: "corrupt token" }),
    sale(9409, "misconfigured", 43, { customer: null, fate: "not valid" }),
    sale(9447, "made-up", 43, { pageview: null, fate: "queue lost" }),
    sale(9418, "two-pixels", 37, { fate: "queue lost" }),
    made9349,
  ].map((row) => [row.id, row]),
);

const earlier: readonly Sale[] = [
  sale(9007, "expired", 19, { hoursAgo: 9 * 24 }),
  sale(9021, "expired", 43, { hoursAgo: 8.5 * 24 }),
  sale(9034, "expired", 31, { hoursAgo: 8 * 24 }),
  sale(9120, "earlier", 43, { hoursAgo: 6.5 * 24 }),
  sale(9290, "earlier", 31, { hoursAgo: 30 }),
];
