/** The programs that run on machines: scripts sent over SSH, and the switcher, which travels as a store object. */
import { readFileSync } from "node:fs";
import type { StoreObject, TreeNode } from "../../store/tree.ts";
import { VirtualStore } from "../../store/virtual-store.ts";
import { quote } from "../ssh/remote-script.ts";

function file(name: string): URL {
  return new URL(name, import.meta.url);
}

function read(name: string): string {
  return readFileSync(file(name), "utf8");
}

const selectorFiles = [
  "selector.sh",
  "selector-restorer.sh",
  "selector-systemd-boot.sh",
  "selector-grub.sh",
  "selector-program.sh",
];

/** The parts of the switcher; the first is the program. */
const switcherFiles = [
  "switcher.sh",
  "common.sh",
  "deployment.sh",
  "secrets.sh",
  "snapshot.sh",
  "activation.sh",
  ...selectorFiles,
  "boot.sh",
  "switch.sh",
  "watch.sh",
  "answers.sh",
];

/** The switcher as a store object, `/nix/store/...-nixus-switcher`. */
export function switcherObject(): StoreObject {
  const store = new VirtualStore();
  const entries = new Map<string, TreeNode>();
  for (const [index, name] of switcherFiles.entries()) {
    entries.set(name, {
      type: "regular",
      executable: index === 0,
      contents: readFileSync(file(name)),
    });
  }
  const path = store.addTree("nixus-switcher", { type: "directory", entries });
  const object = store.get(path);
  if (object === undefined) throw new Error("the switcher was not added to its store");
  return object;
}

/** A script that asks the switcher: `command` with arguments. */
export function switcherScript(switcher: string, command: readonly string[]): string {
  return `exec ${[`${switcher}/switcher.sh`, ...command].map(quote).join(" ")}\n`;
}

/** The script that gathers facts; reads store paths, packages and secrets from standard input. */
export function factsScript(): string {
  return read("common.sh") + read("arriving.sh") + read("facts.sh");
}

/** The script that says how the machine stands. */
export function statusScript(): string {
  return read("common.sh") + read("status.sh");
}

/**
 * The script that says what the running system and the new one say of a switch, what speaks for a reboot into the new one,
 * and whether the machine could boot it once.
 */
export function rebootScript(system: string, platform: string, selector: string | null): string {
  const settings = `next_system=${quote(system)} reboot_platform=${quote(platform)} reboot_selector=${quote(selector ?? "")}`;
  return [settings, ...["common.sh", "live-switch.sh", ...selectorFiles, "reboot.sh"].map(read)].join("\n");
}

export interface PreviewQuestion {
  readonly system: string;
  /** The system that runs; null: none. */
  readonly running: string | null;
  /** Whether the new system comes over standard input, is in the machine's store, or can't be looked at. */
  readonly how: "sent" | "there" | "no";
  /** How long a dry activation may take. */
  readonly seconds: number;
}

/** The script that says what a deployment would change; reads an archive of store objects from standard input. */
export function previewScript({ system, running, how, seconds }: PreviewQuestion): string {
  const question = `preview_system=${quote(system)} preview_running=${quote(running ?? "")}`;
  return `${question} preview_how=${how} preview_seconds=${seconds}\n${read("common.sh")}${read("preview.sh")}`;
}

/** The script that gives the word for the deployment that waits for it, whichever it is. */
export function confirmScript(): string {
  const parts = switcherFiles.slice(1).map(read).join("");
  const command = 'if [ -e "$lock" ]; then command_confirm "$(field "$lock" id)"; else say none; fi';
  return `${parts}\nstop_requested=\nmkdir -p "$run_dir" "$state_dir"\n${command}\n`;
}

/**
 * The script that imports `count` store objects from standard input, where their paths come first. `roots` are protected
 * for deployment `id`. The paths are not in it: it is an argument of ssh, which may not be longer than 128 KiB.
 */
export function importScript(id: string, roots: readonly string[], count: number): string {
  return `${rootsScript(id, roots)}import_count=${count}\n${read("import.sh")}`;
}

/**
 * The script that gives us the machine's store, in which `roots` are protected for deployment `id`. It ends when the
 * connection has been silent for so many seconds.
 */
export function storeScript(id: string, roots: readonly string[], silence: number | undefined): string {
  return rootsScript(id, roots) + builderScript(silence);
}

/** The script that takes note of store paths that are about to come, for deployment `id`; from standard input. */
export function noteScript(id: string): string {
  return `note_id=${quote(id)}\n${read("common.sh")}${read("arriving.sh")}${read("note.sh")}`;
}

/** The script that gives us the store of a machine that only builds. */
export function builderScript(silence: number | undefined): string {
  return `connection_silence=${silence ?? ""}\n${read("connection.sh")}${read("store.sh")}`;
}

/** The script that keeps store paths, by name, until the same `prefix` has others of these names. */
export function keepScript(prefix: string, paths: ReadonlyMap<string, string>): string {
  const pairs = [...paths].map(([name, path]) => `${name}=${path}`).join(" ");
  return `keep_prefix=${quote(prefix)} keep_paths=${quote(pairs)}\n${read("keep.sh")}`;
}

function rootsScript(id: string, roots: readonly string[]): string {
  return `roots_id=${quote(id)} root_paths=${quote(roots.join(" "))}\n${read("common.sh")}${read("arriving.sh")}${read("roots.sh")}`;
}

/** The script that takes that protection away, and what was sent of secrets. */
export function unrootScript(id: string): string {
  return `roots_id=${quote(id)}\n${read("common.sh")}${read("secrets.sh")}${read("unroot.sh")}`;
}

/** The script that receives `count` secrets from standard input for deployment `id`. */
export function receiveSecretsScript(id: string, count: number): string {
  return `secrets_id=${quote(id)} secrets_count=${count}\n${read("common.sh")}${read("secrets.sh")}${read("receive-secrets.sh")}`;
}

/** The script that installs packages of the distribution. */
export function packagesScript(id: string, packages: readonly string[]): string {
  const names = quote(packages.join(" "));
  return `packages_id=${quote(id)} package_names=${names}\n${read("common.sh")}${read("packages.sh")}`;
}
