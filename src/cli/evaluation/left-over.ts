/**
 * Collects what evaluated nodes have left over. V8 lets the heap grow to four times what lived on the last time; between
 * two nodes little of it does, so that is the time to look.
 */
import { getHeapStatistics } from "node:v8";

/** Bytes of heap below which there is nothing to gain. */
const enough = 900 * 1024 * 1024;

export class LeftOver {
  /** Bytes that lived on the last time. */
  private live = 0;

  /** `--expose-gc` has to be on (thread.ts); without it, nothing happens. */
  collect(): void {
    if (usedBytes() < Math.max(enough, 2 * this.live)) return;
    globalThis.gc?.();
    this.live = usedBytes();
  }
}

function usedBytes(): number {
  return getHeapStatistics().used_heap_size;
}
