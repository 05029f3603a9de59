/** Names of the 27 federative units without accents, spaces and case, as `letters` below leaves them. */
const states: Readonly<Record<string, string>> = {
  acre: "ac",
  alagoas: "al",
  amapa: "ap",
  amazonas: "am",
  bahia: "ba",
  ceara: "ce",
  distritofederal: "df",
  espiritosanto: "es",
  goias: "go",
  maranhao: "ma",
  matogrosso: "mt",
  matogrossodosul: "ms",
  minasgerais: "mg",
  para: "pa",
  paraiba: "pb",
  parana: "pr",
  pernambuco: "pe",
  piaui: "pi",
  riodejaneiro: "rj",
  riograndedonorte: "rn",
  riograndedosul: "rs",
  rondonia: "ro",
  roraima: "rr",
  santacatarina: "sc",
  saopaulo: "sp",
  sergipe: "se",
  tocantins: "to",
};

/** The base letters of a text: `São Paulo` becomes `saopaulo`. */
function letters(raw: string): string {
  return raw
    .normalize("NFD")
    .toLowerCase()
    .replaceAll(/[^a-z]/g, "");
}

/**
 * The two letters of a state: from its name, from ISO 3166-2 (`BR-SP`) or as they are; empty for anything else.
 * Meta's own builder cuts the name (`so` for São Paulo), which matches nobody.
 */
export function stateCode(raw: string): string {
  const text = letters(raw.replace(/^\s*br\s*-\s*(?=[a-z]{2}\s*$)/i, ""));
  return Object.hasOwn(states, text) ? (states[text] ?? "") : text.length === 2 ? text : "";
}

/** ISO 3166-1 alpha-2 in lower case: two letters as they are, Brazil by its names; empty for anything else. */
export function countryCode(raw: string): string {
  const text = letters(raw);
  return ["brasil", "brazil", "bra"].includes(text) ? "br" : text.length === 2 ? text : "";
}

/**
 * A phone number with country code and without leading zeros (Meta, Customer information parameters); empty
 * where none can be made. Length alone tells whether a Brazilian number has its 55, because 55 is also the area
 * code of Santa Maria. A leading `+` or `00` says that the country code is there: a foreign number of 10 or 11
 * digits is left as it is.
 */
export function phoneNumber(raw: string): string {
  // As the shops' forms store most numbers: nothing is there to take out.
  if (/^\+?55[1-9]\d{9,10}$/.test(raw)) return raw.startsWith("+") ? raw.slice(1) : raw;
  const dialled = raw.replaceAll(/[^\d+]/g, "");
  const international = /^(?:\+|00)/.test(dialled);
  // "+55 (0)11 …": the trunk zero is written by habit, and no area code begins with it.
  const digits = dialled
    .replaceAll(/\D/g, "")
    .replace(/^0+/, "")
    .replace(/^550+(?=\d{10,11}$)/, "55");
  if (!international && (digits.length === 10 || digits.length === 11)) return `55${digits}`;
  // E.164 allows 15 digits. Shorter than 10 without a "+" it has no area code, and Meta wants at least that.
  const shortest = international ? 7 : 12;
  return digits.length >= shortest && digits.length <= 15 ? digits : "";
}
