import type { Place } from "./shops.js";

/** Does all jobs, each at the next place that is free, and gives what came of them in the order of the jobs. */
export async function atPlaces<Job, Result>(
  places: readonly Place[],
  jobs: readonly Job[],
  work: (place: Place, job: Job) => Promise<Result>,
): Promise<Result[]> {
  const waiting = [...jobs.entries()];
  const results: Result[] = [];
  await Promise.all(
    places.map(async (place) => {
      for (let next = waiting.shift(); next; next = waiting.shift())
        results[next[0]] = await work(place, next[1]);
    }),
  );
  return results;
}
