/**
 * Collects what evaluated nodes have left over. A node's evaluation makes some 200 MB, of which most is there until it ends,
 * and nothing afterwards. V8's young generation is kept small while the first node is evaluated, which also makes what stays;
 * then it is made as large as what a node makes, and collected when a node has ended: there is hardly anything
 * to be copied then. (docs/explanation/performance.md)
 */
import { getHeapStatistics, setFlagsFromString } from "node:v8";

/** Bytes of heap with which no node of NixOS has been evaluated yet. */
const little = 100 * 1024 * 1024;

/** Bytes that are collected in the old generation as well: what the young one's collection takes for alive ends there. */
const muchLeftOver = 280 * 1024 * 1024;

export class LeftOver {
  /** Bytes that are known to live on. */
  private live: number | undefined;
  private begun = false;

  /**
   * Before the first node and after each. `--expose-gc` has to be on, and the young generation to be allowed to grow
   * (thread.ts).
   */
  collect(): void {
    if (usedBytes() < little) {
      // Where nodes are not evaluated one by one, it is asked again at once.
      youngGenerationGrows(this.begun ? 2 : 1);
      this.begun = true;
      return;
    }
    youngGenerationGrows(16);
    globalThis.gc?.({ type: "minor" });
    this.live ??= usedBytes();
    if (usedBytes() < this.live + muchLeftOver) return;
    globalThis.gc?.();
    this.live = usedBytes();
  }
}

/** By what factor, whenever V8 finds that too much of it lives on. */
function youngGenerationGrows(factor: number): void {
  setFlagsFromString(`--semi-space-growth-factor=${factor}`);
}

function usedBytes(): number {
  return getHeapStatistics().used_heap_size;
}
