/** Opens at the first use; `close` closes only what was opened. */
export function lazily<T extends { close(): Promise<void> }>(
  make: () => Promise<T>,
): { get: () => Promise<T>; close: () => Promise<void> } {
  let made: Promise<T> | null = null;
  return {
    get: () => (made ??= make()),
    close: async () => {
      // One that could not be opened has told so to whoever wanted it.
      await (await made?.catch(() => null))?.close();
    },
  };
}
