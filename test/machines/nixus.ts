/** Running the built `nixus` as the deployer of a lab. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Event } from "../../src/events/event.ts";
import type { Lab, Machine, Result, Running } from "./lib/index.ts";

const project = resolve(import.meta.dirname, "../..");
const program = join(project, "dist/cli/main.js");

export const rolledBack = "Failed to activate new system! Rolled back to previous one";
export const activated = "Successfully activated new system!";

/** Where a network file comes from: one of the examples, or a text. */
export type NetworkFile = { readonly example: string } | string;

export class Deployer {
  readonly lab: Lab;
  /** The built `nixus`. */
  readonly program = program;
  #files = 0;
  readonly #directory: string;

  constructor(lab: Lab) {
    this.lab = lab;
    this.#directory = mkdtempSync(join(lab.home, "networks-"));
  }

  /** The path of the network file. */
  file(network: NetworkFile): string {
    if (typeof network !== "string") return join(project, "examples", network.example);
    const path = join(this.#directory, `network-${++this.#files}.nix`);
    writeFileSync(path, network);
    return path;
  }

  /** Starts `nixus` with these arguments. */
  spawn(args: readonly string[], timeout = 90_000): Running {
    return this.lab.spawn([process.execPath, program, ...args], { cwd: project, timeout });
  }

  run(args: readonly string[]): Promise<Result> {
    return this.spawn(args).done;
  }

  deploy(network: NetworkFile, ...args: readonly string[]): Promise<Result> {
    return this.run(["deploy", "-f", this.file(network), ...args]);
  }

  /** The events that `nixus deploy --json` printed. */
  async events(network: NetworkFile): Promise<readonly Event[]> {
    const { stdout } = await this.deploy(network, "--json");
    return stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Event);
  }
}

/** The system that the machine runs; empty: none of ours. */
export async function currentSystem(machine: Machine): Promise<string> {
  return (await machine.exec("readlink /run/current-system || true")).stdout.trim();
}

/** The system that it boots. */
export async function committedSystem(machine: Machine): Promise<string> {
  return (await machine.exec("readlink -f /nix/var/nix/profiles/system || true")).stdout.trim();
}

/** A network of one node with this configuration (the inside of a set) and these settings of the node. */
export function networkWith(configuration: string, settings = ""): string {
  return `{ lib, ... }: {
    defaults = { successTimeout = lib.mkDefault 6; switchTimeout = lib.mkDefault 20; };
    nodes.foo = {
      host = "root@foo.example.com";
      platform = "linux";
      ${settings}
      configuration = [ {
        systemd.services.witness = {
          wantedBy = [ "multi-user.target" ];
          serviceConfig.ExecStart = "/bin/sleep infinity";
        };
        environment.etc."witness/text".text = lib.mkDefault "first";
      } {
        ${configuration}
      } ];
    };
  }`;
}
