/**
 * What `nixus build` leaves behind: a shell script that deploys exactly what was built. It carries the evaluated nodes,
 * and the store objects that no store has; what was built it finds again where that was done.
 */
import { chmodSync, lstatSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { deserialize, serialize } from "node:v8";
import type { EvaluatedNetwork, EvaluatedNode, NeededPath, PathSource } from "../../fleet/evaluated.ts";
import type { BuildPlace } from "../../plan/build.ts";
import { contentsBytes } from "../../store/file-chunks.ts";
import type { StoreObject, TreeNode } from "../../store/tree.ts";
import type { BuiltNode } from "../build-network.ts";
import { quote } from "../ssh/remote-script.ts";
import { StateError } from "./directory.ts";

const version = 1;

interface Saved {
  readonly version: number;
  readonly network: EvaluatedNetwork;
}

const marker = "# What was built:";
const lineLength = 120;

/** `command` is the program that deploys it. Throws a StateError. */
export function writeResult(
  path: string,
  network: EvaluatedNetwork,
  built: readonly BuiltNode[],
  command: readonly string[],
): void {
  const nodes = built.map(asBuilt);
  const needed = new Set(nodes.flatMap(({ closure }) => closure));
  const objects = network.objects.filter((object) => needed.has(object.path)).map(inMemory);
  const saved: Saved = { version, network: { ...network, nodes, objects, failures: [], warnings: [] } };
  try {
    writeFileSync(`${path}.new`, script(command, serialize(saved)));
    chmodSync(`${path}.new`, 0o755);
    renameSync(`${path}.new`, path);
  } catch (cause) {
    throw new StateError(`${path} can't be written: ${(cause as Error).message}`, { cause });
  }
}

/** Whether a script may be written there: what it would replace is one, or a link as nix-build leaves it. */
export function mayBeResult(path: string): boolean {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined || status.isSymbolicLink()) return true;
  return status.isFile() && readFileSync(path, "latin1").includes(`\n${marker}\n`);
}

/** The network of a script. Throws a StateError. */
export function readResult(path: string): EvaluatedNetwork {
  let text: string;
  try {
    text = readFileSync(path, "latin1");
  } catch (cause) {
    throw new StateError(`${path} can't be read: ${(cause as Error).message}`, { cause });
  }
  const at = text.indexOf(`\n${marker}\n`);
  if (at < 0) throw new StateError(`${path} was not made by 'nixus build'`);
  const payload = Buffer.from(text.slice(at + marker.length + 2).replaceAll(/^# /gm, ""), "base64");
  const saved = parse(payload);
  if (saved?.version !== version) {
    throw new StateError(`${path} was made by another version of nixus, or is damaged; build again`);
  }
  return saved.network;
}

function parse(payload: Buffer): Saved | undefined {
  try {
    return deserialize(payload) as Saved;
  } catch {
    return undefined;
  }
}

function script(command: readonly string[], payload: Buffer): string {
  const lines = payload.toString("base64").match(new RegExp(`.{1,${lineLength}}`, "g")) ?? [];
  return `#!/bin/sh
# Deploys what 'nixus build' has built: to all machines, or to those that are named. --help lists the flags.
if [ -x ${quote(command[0] ?? "")} ] && [ -e ${quote(command[1] ?? "")} ]; then
  exec ${command.map(quote).join(" ")} deploy --built "$0" "$@"
elif command -v nixus >/dev/null; then
  exec nixus deploy --built "$0" "$@"
fi
echo "error: there is no nixus in PATH to deploy this with" >&2
exit 127
${marker}
${lines.map((line) => `# ${line}\n`).join("")}`;
}

/** The node with its system in the store where it was built, to be built nowhere again. */
function asBuilt({ node, place }: BuiltNode): EvaluatedNode {
  return {
    ...node,
    buildOn: buildOnOf(place),
    source: builtSource(node.source),
    closurePaths: node.closurePaths.map(
      (needed): NeededPath => ({ ...needed, source: builtSource(needed.source) }),
    ),
  };
}

function buildOnOf(place: BuildPlace): string {
  return place.type === "builder" ? place.destination : place.type;
}

function builtSource(source: PathSource): PathSource {
  return source.type === "derivation" ? { type: "store" } : source;
}

/** Files of this machine may be others by the time that it is deployed, and it may be deployed from another one. */
function inMemory(object: StoreObject): StoreObject {
  return { ...object, tree: treeInMemory(object.tree) };
}

function treeInMemory(node: TreeNode): TreeNode {
  switch (node.type) {
    case "symlink":
      return node;
    case "regular":
      return { ...node, contents: contentsBytes(node.contents) };
    case "directory":
      return {
        ...node,
        entries: new Map([...node.entries].map(([name, each]) => [name, treeInMemory(each)])),
      };
  }
}
