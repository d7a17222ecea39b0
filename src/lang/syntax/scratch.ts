/**
 * Where the elements of a list are put until it is known how many there are. An array that grows by `push` has room for 16
 * more; a syntax tree has so many short arrays that they would take a quarter of its memory.
 */
export class Scratch<T> {
  private readonly items: T[] = [];
  private top = 0;

  /** To be given to {@link take}, which ends what begins here; what is begun later has to end before. */
  begin(): number {
    return this.top;
  }

  push(item: T): void {
    if (this.top === this.items.length) this.items.push(item);
    else this.items[this.top] = item;
    this.top++;
  }

  /** All that was put here since then, in an array of just that size. */
  take(start: number): T[] {
    const taken = this.items.slice(start, this.top);
    this.top = start;
    return taken;
  }
}
