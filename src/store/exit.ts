/** What is ended when this process exits: with one listener, however many there are at a time. */
const ends = new Set<() => void>();
process.on("exit", () => {
  for (const end of ends) end();
});

/** Until it is disposed of, `end` is called when this process exits. */
export function atExit(end: () => void): Disposable {
  ends.add(end);
  return { [Symbol.dispose]: () => void ends.delete(end) };
}
