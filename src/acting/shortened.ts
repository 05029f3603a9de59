/**
 * Places, task ids and pixels, for a person's eyes: the folder of a log is known to whoever named it, eight digits of a
 * task id find it in any log, and the last four tell a pixel from the shop's others.
 */
export function shortened(text: string): string {
  return text
    .replaceAll(/(?<=\()[^\s()]*\/(?=[^\s()/]+:\d+\))/g, "")
    .replaceAll(/(?<=\btask )([\da-f]{8})-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/g, "$1…")
    .replaceAll(/(?<=\bpixel )\d+(\d{4})\b/g, "…$1");
}
