/** A machine behind the fake ssh: fit for deployment, with a switcher whose answers the test decides. */
import type { SshCall } from "./fake-ssh.ts";

export const fitFacts: Readonly<Record<string, string>> = {
  "nixus-facts": "1",
  uid: "0",
  machine: "x86_64",
  init: "systemd",
  systemd: "252",
  nixVersion: "2.8.0",
  packageManager: "apt",
  currentSystem: "/nix/store/00000000000000000000000000000000-old",
  bootedSystem: "",
  profile: "/nix/store/00000000000000000000000000000000-old",
  freeStore: "10000000000",
  freeState: "10000000000",
  bootId: "b",
};

export function factsText(facts: Readonly<Record<string, string>>, missing: readonly string[] = []): string {
  const lines = Object.entries(facts).map(([key, value]) => `${key}=${value}`);
  return [...lines, ...missing.map((path) => `missing=${path}`), "end="].join("\n");
}

type Answers = Readonly<Record<string, (call: SshCall) => void>>;

/**
 * Answers facts with all paths missing, takes what is sent, and lets the test answer the switcher's questions by their
 * name. A question without an answer is left hanging.
 */
export function machine(switcher: Answers, facts = fitFacts): (call: SshCall) => void {
  return (call) => {
    const name = call.question?.[0];
    if (name !== undefined) {
      switcher[name]?.(call);
    } else if (call.script.includes("nixus-facts")) {
      void call.input.then((input) => {
        const paths = input.toString().split("\n\n")[0]?.split("\n") ?? [];
        call.say("Welcome to this machine!", factsText(facts, paths));
        call.exit(0);
      });
    } else {
      void call.input.then(() => call.exit(0));
    }
  };
}

/** The course of a switch that goes well until it waits for its confirmation. */
export function startsAndWaits(call: SshCall): void {
  call.say("nixus started /nix/store/00000000000000000000000000000000-old", "nixus state activating");
  call.say("nixus output setting up", "nixus state waiting");
}

/** An answer that ends the conversation. */
export function says(...lines: string[]): (call: SshCall) => void {
  return (call) => {
    call.say(...lines);
    call.exit(0);
  };
}

/** ssh's own failure. */
export function breaks(complaint: string): (call: SshCall) => void {
  return (call) => {
    call.complain(complaint);
    call.exit(255);
  };
}
