import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/**
 * The program that was just spawned, once it runs. Fails with the system's error where it could not be started, which Node
 * tells with an event; where too many files are open, its child has no streams before that.
 */
export async function started<Child extends ChildProcess>(child: Child): Promise<Child> {
  // Of one that runs: a signal that could not be sent, which it does not end by.
  child.on("error", () => {});
  await once(child, "spawn");
  return child;
}
