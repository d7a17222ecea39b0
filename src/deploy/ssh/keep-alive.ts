/** By what both ends know that the connection is there: ssh asks every few seconds, and ends when it hears nothing. */

export const keepAlive = { ServerAliveInterval: "5", ServerAliveCountMax: "3" } as const;

/** A slow line may be busy with one direction for a while. */
const leastSilence = 120;

/**
 * Seconds without a word from our ssh after which the other end can be sure that it is gone; undefined when it need not
 * speak. `options` are those of the node.
 */
export function longestSilence(options: Readonly<Record<string, string>>): number | undefined {
  const given = new Map(Object.entries(options).map(([name, value]) => [name.toLowerCase(), value]));
  const seconds = Object.entries(keepAlive).map(([name, usual]) =>
    Number(given.get(name.toLowerCase()) ?? usual),
  );
  const patience = seconds.reduce((product, one) => product * one, 1);
  // Also when it is no plain number.
  return patience > 0 ? Math.max(leastSilence, 4 * patience) : undefined;
}
