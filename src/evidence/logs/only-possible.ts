/**
 * Ties each line to the one request that can have written it, and only where there is one. `candidates` holds, for each
 * line, the requests that were at that point then; null among them is somebody who was not seen. A request writes such a
 * line once at most, so every line that is tied takes its request from the others, until nothing more is certain.
 */
export function onlyPossible<Line, Request>(
  candidates: ReadonlyMap<Line, readonly (Request | null)[]>,
  known: ReadonlyMap<Line, Request>,
): Map<Line, Request> {
  const tied = new Map(known);
  const open = new Map<Line, Set<Request | null>>();
  const wanted = new Map<Request, Line[]>();
  for (const [line, requests] of candidates) {
    if (tied.has(line)) continue;
    open.set(line, new Set(requests));
    for (const request of requests) if (request !== null) push(wanted, request, line);
  }
  const settled = [...known.values(), ...singles(open, tied)];
  for (let request = settled.pop(); request !== undefined; request = settled.pop()) {
    for (const line of wanted.get(request) ?? []) {
      if (tied.get(line) === request) continue;
      const rest = open.get(line);
      rest?.delete(request);
      settled.push(...tieSingle(line, rest, tied));
    }
  }
  return tied;
}

function singles<Line, Request>(open: Map<Line, Set<Request | null>>, tied: Map<Line, Request>): Request[] {
  return [...open].flatMap(([line, rest]) => tieSingle(line, rest, tied));
}

/** Two lines that only one request can have written contradict the rule: then neither is tied to it by us. */
function tieSingle<Line, Request>(
  line: Line,
  rest: ReadonlySet<Request | null> | undefined,
  tied: Map<Line, Request>,
): Request[] {
  if (rest?.size !== 1 || tied.has(line)) return [];
  const [request] = rest;
  if (request === null || request === undefined) return [];
  tied.set(line, request);
  return [request];
}

export function push<Key, Value>(groups: Map<Key, Value[]>, key: Key, value: Value): void {
  const group = groups.get(key);
  if (group) group.push(value);
  else groups.set(key, [value]);
}
