/** Lock files of flakes (`flake.lock`, versions 5 to 7; Nix manual, `nix flake`, "Lock files"). */
import { fromBytes, fromText, toText } from "../../store/bytes.ts";
import { type Checked, lazySchema, zod } from "../../store/schema.ts";
import { NixError } from "../eval/errors.ts";
import { asNixErrors } from "../eval/store-errors.ts";
import { type InputAttrs, inputJson } from "../fetch/attributes.ts";
import { type FlakeRef, flakeRefFromAttrs, printFlakeRef } from "../fetch/flake-ref.ts";
import { isLocked, relativePath } from "../fetch/input.ts";

/** Names of inputs, from the flake that everything starts from. */
export type InputPath = readonly string[];

/** What an input is: another node, or the same as the input at a path. */
export type Edge = LockedNode | InputPath;

export interface LockNode {
  readonly inputs: Map<string, Edge>;
}

export interface LockedNode extends LockNode {
  readonly locked: FlakeRef;
  readonly original: FlakeRef;
  readonly isFlake: boolean;
  /** Of a relative path: the flake whose tree it is in. */
  readonly parent: InputPath | undefined;
}

export function isFollows(edge: Edge): edge is InputPath {
  return Array.isArray(edge);
}

const refSchema = lazySchema((z) => z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])));
const nodeSchema = lazySchema((z) =>
  z.object({
    inputs: z.record(z.string(), z.union([z.string(), z.array(z.string())])).default({}),
    locked: refSchema().optional(),
    original: refSchema().optional(),
    info: refSchema().default({}),
    flake: z.boolean().default(true),
    parent: z.array(z.string()).optional(),
  }),
);
const versionSchema = lazySchema((z) => z.object({ version: z.number().default(0) }));
const fileSchema = lazySchema((z) =>
  z.object({ root: z.string(), nodes: z.record(z.string(), nodeSchema()) }),
);

/** Parses a lock file; `path` is what messages call it. `onWarning` gets what is dubious about it. */
export function parseLockFile(
  contents: Uint8Array,
  path: string,
  onWarning: (message: string) => void,
): LockNode {
  const file = readJson(contents, path);
  const root: LockNode = { inputs: new Map() };
  const made = new Map<string, LockedNode>();
  const nodeOf = (key: string): Checked<typeof nodeSchema> => {
    const node = file.nodes[key];
    if (node === undefined) throw bad(path, `references missing node '${fromText(key)}'`);
    return node;
  };
  const fill = (node: LockNode, key: string): void => {
    for (const [name, target] of Object.entries(nodeOf(key).inputs)) {
      node.inputs.set(fromText(name), typeof target === "string" ? make(target) : target.map(fromText));
    }
  };
  const make = (key: string): LockedNode => {
    if (key === file.root) throw bad(path, "contains cycle to root node");
    const known = made.get(key);
    if (known !== undefined) return known;
    const { locked, original, info, flake, parent } = nodeOf(key);
    if (locked === undefined) throw bad(path, "misses attribute 'locked'");
    if (original === undefined) throw bad(path, "misses attribute 'original'");
    const node: LockedNode = {
      inputs: new Map(),
      locked: parseRef({ ...locked, ...info }),
      original: parseRef(original),
      isFlake: flake,
      parent: parent?.map(fromText),
    };
    checkLocked(node.locked, onWarning);
    made.set(key, node);
    fill(node, key);
    return node;
  };
  fill(root, file.root);
  return root;
}

function readJson(contents: Uint8Array, path: string): Checked<typeof fileSchema> {
  let json: unknown;
  try {
    json = JSON.parse(toText(fromBytes(contents)));
  } catch (cause) {
    throw new NixError("eval", `could not parse '${path}': ${fromText(String(cause))}`, { cause });
  }
  const version = versionSchema().safeParse(json).data?.version ?? 0;
  if (version < 5 || version > 7) throw bad(path, `has unsupported version ${version}`);
  const parsed = fileSchema().safeParse(json);
  if (parsed.success) return parsed.data;
  throw new NixError(
    "eval",
    `lock file '${path}' is not valid: ${fromText(zod().prettifyError(parsed.error))}`,
  );
}

function bad(path: string, problem: string): NixError {
  return new NixError("eval", `lock file '${path}' ${problem}`);
}

function parseRef(json: Checked<typeof refSchema>): FlakeRef {
  const attrs = new Map(
    Object.entries(json).map(([name, value]) => [
      fromText(name),
      typeof value === "string"
        ? fromText(value)
        : typeof value === "number"
          ? BigInt(Math.trunc(value))
          : value,
    ]),
  );
  return asNixErrors("eval", () => flakeRefFromAttrs(attrs));
}

function checkLocked(ref: FlakeRef, onWarning: (message: string) => void): void {
  if (asNixErrors("eval", () => isLocked(ref.input) || relativePath(ref.input) !== undefined)) return;
  if (!hasNarHash(ref.input)) {
    throw new NixError("eval", `lock file contains unlocked input '${inputJson(ref.input)}'`);
  }
  const shown = asNixErrors("eval", () => printFlakeRef(ref));
  onWarning(
    `Lock file entry '${shown}' is unlocked (e.g. lacks a Git revision) but is checked by NAR hash. This is not reproducible and will break after garbage collection or when shared.`,
  );
}

function hasNarHash(input: InputAttrs): boolean {
  return input.has("narHash");
}

/** Where the path leads; undefined when there is no such input. Fails when inputs follow each other in a circle. */
export function findInput(
  root: LockNode,
  path: InputPath,
  visited: readonly string[] = [],
): LockNode | undefined {
  const shown = path.join("/");
  if (visited.includes(shown)) {
    throw new NixError("eval", `follow cycle detected: [${[...visited, shown].join(" -> ")}]`);
  }
  let node: LockNode | undefined = root;
  for (const name of path) {
    const edge: Edge | undefined = node?.inputs.get(name);
    if (edge === undefined) return undefined;
    node = isFollows(edge) ? findInput(root, edge, [...visited, shown]) : edge;
  }
  return node;
}

/** Whether both say the same of all inputs. */
export function sameLocks(a: LockNode, b: LockNode): boolean {
  return printLocks(a) === printLocks(b);
}

function printLocks(root: LockNode): string {
  const lines: string[] = [];
  const seen = new Set<LockNode>();
  const visit = (node: LockNode, path: InputPath): void => {
    for (const name of [...node.inputs.keys()].sort()) {
      const edge = node.inputs.get(name)!;
      const at = [...path, name];
      if (isFollows(edge)) lines.push(`${at.join("/")} follows ${edge.join("/")}`);
      else {
        const refs = [edge.locked, edge.original].map((ref) => `${inputJson(ref.input)} ${ref.subdirectory}`);
        lines.push([at.join("/"), ...refs, edge.isFlake, edge.parent?.join("/")].join(" "));
        if (seen.has(edge)) continue;
        seen.add(edge);
        visit(edge, at);
      }
    }
  };
  visit(root, []);
  return lines.join("\n");
}
