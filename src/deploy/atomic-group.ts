/**
 * The members of an atomic group, which wait for each other twice: none is switched before all are ready for it, and none
 * is given the word before all could be. A member that fails makes all the others fail.
 */
import { NodeError } from "./errors.ts";

type Barrier = "ready" | "verified";

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export class AtomicGroup<End extends { readonly good: boolean; readonly why: string }> {
  readonly name: string;
  private readonly members: readonly string[];
  private readonly passed: Record<Barrier, Set<string>> = { ready: new Set(), verified: new Set() };
  private readonly waiters = new Map<Barrier, Waiter[]>();
  private readonly ends = new Map<string, End>();
  private readonly endWaiters: (() => void)[] = [];
  private failure: NodeError | undefined;

  constructor(name: string, members: readonly string[]) {
    this.name = name;
    this.members = members;
  }

  /** Resolves when all members have come here; fails when one never will. */
  async arrive(barrier: Barrier, member: string, signal: AbortSignal): Promise<void> {
    this.pass(barrier, member);
    signal.throwIfAborted();
    if (this.failure !== undefined) throw this.failure;
    if (this.passed[barrier].size === this.members.length) return;
    await new Promise<void>((resolve, reject) => {
      this.waiters.set(barrier, [...(this.waiters.get(barrier) ?? []), { resolve, reject }]);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  /** The member has ended. Resolves, when all have, with the first that is not on its new system. */
  async end(member: string, end: End): Promise<{ readonly member: string; readonly end: End } | undefined> {
    this.ends.set(member, end);
    if (end.good) {
      // Also one that had nothing to do, and has not been at any barrier.
      this.pass("ready", member);
      this.pass("verified", member);
    } else {
      this.fail(member, end.why);
    }
    if (this.ends.size === this.members.length) for (const wake of this.endWaiters.splice(0)) wake();
    else await new Promise<void>((resolve) => this.endWaiters.push(resolve));
    const bad = [...this.ends].find(([, { good }]) => !good);
    return bad === undefined ? undefined : { member: bad[0], end: bad[1] };
  }

  private pass(barrier: Barrier, member: string): void {
    this.passed[barrier].add(member);
    if (this.passed[barrier].size < this.members.length || this.failure !== undefined) return;
    for (const { resolve } of this.waiters.get(barrier) ?? []) resolve();
    this.waiters.delete(barrier);
  }

  private fail(member: string, why: string): void {
    this.failure ??= new NodeError(
      `'${member}', which is in the same atomic group '${this.name}', failed: ${why}`,
    );
    for (const waiters of this.waiters.values()) for (const { reject } of waiters) reject(this.failure);
    this.waiters.clear();
  }
}
