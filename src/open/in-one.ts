/**
 * Questions of one moment, answered together: the tokens of a survey's pools took a transaction each. Null is the answer
 * to what is not there.
 */
export function inOne<Key, Answer>(
  ask: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Answer>>,
): (key: Key) => Promise<Answer | null> {
  let next: { readonly keys: Key[]; readonly answers: Promise<ReadonlyMap<Key, Answer>> } | null = null;
  return async (key) => {
    if (next === null) {
      const keys: Key[] = [];
      const asked = () => {
        next = null;
        return ask(keys);
      };
      next = { keys, answers: Promise.resolve().then(asked) };
    }
    next.keys.push(key);
    return (await next.answers).get(key) ?? null;
  };
}
