/**
 * Places and task ids, for a person's eyes: the folder of a log is known to whoever named it, and eight digits of a task
 * id find it in any log.
 */
export function shortened(text: string): string {
  return text
    .replaceAll(/(?<=\()[^\s()]*\/(?=[^\s()/]+:\d+\))/g, "")
    .replaceAll(/(?<=\btask )([\da-f]{8})-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/g, "$1…");
}
