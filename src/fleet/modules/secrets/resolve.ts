/**
 * `secrets.files` of a machine: what was defined, with `file` and `path` replaced by what a unit refers to. The pointer
 * is computed from `nixus.lock` alone; no secret is read here.
 */
import { dirname, resolve as resolvePath } from "node:path";
import { NixError } from "../../../lang/eval/errors.ts";
import type { Evaluator } from "../../../lang/eval/evaluator.ts";
import { Attrs, AttrsBuilder, force, lazy, NixPath, NixString, type Slot } from "../../../lang/eval/value.ts";
import { noPos, type Pos } from "../../../lang/syntax/positions.ts";
import { intern } from "../../../lang/syntax/symbols.ts";
import type { Definable, DefinitionsOf } from "../../../modules/definable.ts";
import { showOption } from "../../../modules/show.ts";
import type { Definition, Location, OptionType } from "../../../modules/type.ts";
import { t } from "../../../modules/types/index.ts";
import { withParts } from "../../../modules/types/make.ts";
import { fromText, toText } from "../../../store/bytes.ts";
import type { NetworkLock } from "../../network/lock.ts";
import { Reader } from "../../reader.ts";
import { lockedDigest, secretsSection } from "./lock.ts";
import { type SecretFile, secretOptions } from "./options.ts";
import {
  entryPath,
  type Generator,
  nameProblem,
  ownership,
  type SecretOwner,
  type SecretSource,
  type SystemSecret,
  secretEntry,
  secretLabel,
  stablePath,
} from "./secret.ts";

/** What all secrets of a network share; one for each evaluator, whose types know no network. */
export class NetworkSecrets {
  private static readonly known = new WeakMap<Evaluator, NetworkSecrets>();
  readonly lock: NetworkLock;
  /** Absolute path of the network file, ordinary text. */
  readonly networkFile: string;
  /**
   * Whether a secret without a digest gets a pointer that is not its final one. For those who update the lock file
   * and evaluate again; for others it is an error.
   */
  acceptsUnlocked = false;

  private readonly evaluator: Evaluator;

  constructor(evaluator: Evaluator, lock: NetworkLock, networkFile: string) {
    this.evaluator = evaluator;
    this.lock = lock;
    this.networkFile = networkFile;
  }

  /** Makes them those that the evaluator's secrets are resolved by. */
  enter(): void {
    NetworkSecrets.known.set(this.evaluator, this);
  }

  /** The public key of a generated private key; undefined: there is none yet. */
  generatedKey(owner: SecretOwner): string | undefined {
    return this.lock.get(secretsSection).publicKeys[secretLabel(owner)];
  }

  static of(evaluator: Evaluator): NetworkSecrets {
    const secrets = NetworkSecrets.known.get(evaluator);
    if (secrets === undefined) throw new Error("secrets of no network");
    return secrets;
  }
}

type SecretDefinition = DefinitionsOf<typeof secretOptions>;
export type SecretFilesType = OptionType<
  Readonly<Record<string, SecretFile>>,
  Definable<Readonly<Record<string, Definable<SecretDefinition>>>>
>;

/** The type of `secrets.files`; `nodeOf` tells the node's name from the option's place. */
export function secretFilesType(nodeOf: (loc: Location) => string): SecretFilesType {
  return resolving(t.attrsOf(t.submodule({ file: import.meta.url, options: secretOptions })), nodeOf);
}

/** The type whose values are those of `files`, resolved. nixpkgs makes another one of it, with other submodules. */
function resolving(files: OptionType, nodeOf: (loc: Location) => string): SecretFilesType {
  return withParts(files, {
    substSubModules: (modules) => resolving(files.substSubModules(modules), nodeOf),
    merge(system, loc, defs) {
      const declared = files.merge(system, loc, defs) as Attrs;
      const builder = new AttrsBuilder();
      for (const [name, slot] of declared.entries()) {
        const place = { node: nodeOf(loc), loc: [...loc, name], pos: positionOf(defs, name) };
        builder.set(
          intern(name),
          lazy(() => resolveSecret(system.evaluator, name, force(slot) as Attrs, place)),
          place.pos,
        );
      }
      return builder.build();
    },
  });
}

function positionOf(defs: readonly Definition[], name: string): Pos {
  for (const def of defs) {
    const value = force(def.value);
    if (value instanceof Attrs && value.has(intern(name))) return value.positionOf(intern(name));
  }
  return noPos;
}

interface Place {
  readonly node: string;
  readonly loc: Location;
  readonly pos: Pos;
}

/** What was defined, beyond what the system needs to know. */
interface SecretFacts extends SystemSecret {
  readonly owner: SecretOwner;
  readonly source: SecretSource;
  readonly digest: string | null;
  readonly binary: boolean;
}

/** A value of `secrets.files`, which keeps what was defined. Texts are ordinary text. */
export class ResolvedSecret extends Attrs {
  readonly facts: SecretFacts;

  constructor(attrs: Attrs, facts: SecretFacts) {
    super(attrs.shape, attrs.values, attrs.positions);
    this.facts = facts;
  }
}

function resolveSecret(
  evaluator: Evaluator,
  byteName: string,
  declared: Attrs,
  place: Place,
): ResolvedSecret {
  const secrets = NetworkSecrets.of(evaluator);
  const option = toText(showOption(place.loc));
  const fail = (problem: string): never => {
    const node = option.startsWith("nodes.") ? "" : `node '${toText(place.node)}': `;
    throw new NixError("module", fromText(`${node}${option}: ${problem}`), { pos: place.pos || undefined });
  };
  const reader = new Reader(evaluator);
  const read = <T>(key: string, of: (slot: Slot) => T): T => of(reader.at(declared, key));
  const text = (slot: Slot) => toText(reader.plain(slot, fromText(option)));
  const textOrNull = (key: string) => read(key, (slot) => reader.nullOr(slot, text));
  const texts = (key: string) => read(key, (slot) => reader.list(slot, text));
  const flag = (key: string) => read(key, (slot) => reader.bool(slot));

  const name = toText(byteName);
  const badName = nameProblem(name);
  if (badName !== undefined) fail(badName);
  const shared = textOrNull("shared");
  const node = toText(place.node);
  const owner: SecretOwner =
    shared === null ? { kind: "node", node, name } : { kind: "shared", name: shared };
  const owned = ownership(textOrNull("user") ?? "root", textOrNull("group"), textOrNull("mode"));
  if ("problem" in owned) return fail(owned.problem);
  const early = flag("neededForUsers") || flag("beforeActivation");
  if (early && (owned.user !== "root" || owned.group !== "root")) {
    fail("it is needed before accounts are made, so it has to be root's; leave out user and group");
  }
  const explicitPath = textOrNull("path");
  const source = sourceOf(reader, declared, {
    ...{ secrets, owner },
    // The network's option says it: the node has only taken it over.
    fail: shared === null ? fail : (problem) => failShared(shared, problem),
  });
  const lock = secrets.lock.get(secretsSection);
  const digest = lockedDigest(lock, owner);
  const entry = secretEntry(name, digest, { ...owned, place: flag("persistent") ? "disk" : "memory" });
  const store = evaluator.host.store;
  const target = fromText(entryPath(entry));
  const pointer = store.addTree(`secret-${byteName}`, { type: "symlink", target });
  const marker = store.addText(
    `secret-path-${byteName}`,
    Buffer.from(fromText(stablePath({ name, explicitPath }))),
    [],
  );
  const pointerSlot = lazy(() => {
    if (digest === null && !secrets.acceptsUnlocked) {
      fail(
        `nixus.lock does not know the secret '${secretLabel(owner)}' yet; run 'nixus secrets update' where its source can be read`,
      );
    }
    return new NixString(pointer, new Set([pointer]));
  });
  const builder = new AttrsBuilder();
  declared.shape.symbols.forEach((sym, index) => {
    builder.set(sym, declared.values[index]!, declared.positions?.[index]);
  });
  const stable = fromText(stablePath({ name, explicitPath }));
  builder.set(intern("file"), pointerSlot);
  builder.set(
    intern("path"),
    lazy(() => {
      force(pointerSlot);
      return new NixString(stable, new Set([marker]));
    }),
  );
  builder.set(
    intern("publicKey"),
    lazy(() => {
      if (!hasPublicKey(source)) return null;
      const found = lock.publicKeys[secretLabel(owner)];
      if (found !== undefined) return fromText(found);
      return fail(`it has no public key yet; run 'nixus secrets generate ${secretLabel(owner)}'`);
    }),
  );
  return new ResolvedSecret(builder.build(), {
    ...{ owner, name, source, digest, entry, pointer, marker, explicitPath, early },
    binary: flag("binary"),
    restartUnits: texts("restartUnits"),
    reloadUnits: texts("reloadUnits"),
  });
}

function failShared(name: string, problem: string): never {
  const option = toText(showOption(["secrets", fromText(name)]));
  throw new NixError("module", fromText(`${option}: ${problem}`));
}

function hasPublicKey(source: SecretSource): boolean {
  return source.type === "generated" && ["wireguard", "ssh"].includes(source.generator.type);
}

interface SourceContext {
  readonly secrets: NetworkSecrets;
  readonly owner: SecretOwner;
  readonly fail: (problem: string) => never;
}

const sourceNames = ["file", "command", "environmentVariable", "age", "sops", "generate"] as const;

function sourceOf(reader: Reader, declared: Attrs, { secrets, owner, fail }: SourceContext): SecretSource {
  const directory = dirname(secrets.networkFile);
  const set = sourceNames.filter((name) => force(reader.at(declared, name)) !== null);
  const [source, second] = set;
  if (source === undefined) {
    return fail(`it has no source; set one of ${sourceNames.join(", ")}`);
  }
  if (second !== undefined) fail(`it has several sources (${set.join(", ")}); set one of them`);
  const slot = reader.at(declared, source);
  const path = (of: Slot) => pathOf(of, directory, fail);
  const text = (of: Slot) => toText(reader.plain(of, `secrets.files.${source}`));
  switch (source) {
    case "file":
      return { type: "file", path: path(slot) };
    case "command":
      return { type: "command", command: reader.list(slot, text), directory };
    case "environmentVariable":
      return { type: "environment", variable: text(slot) };
    case "age":
      return { type: "age", path: path(slot) };
    case "sops": {
      const sops = reader.attrs(slot);
      const key = reader.nullOr(reader.at(sops, "key"), text);
      return { type: "sops", path: path(reader.at(sops, "file")), key };
    }
    case "generate": {
      const generator = reader.attrs(slot);
      const place = owner.kind === "node" ? `nodes/${owner.node}` : "shared";
      return {
        type: "generated",
        path: `${directory}/secrets/${place}/${owner.name}.age`,
        generator: {
          type: text(reader.at(generator, "type")) as Generator["type"],
          length: reader.integer(reader.at(generator, "length")),
          alphabet: text(reader.at(generator, "alphabet")) as Generator["alphabet"],
        },
      };
    }
  }
}

/** The path of a source file, which must not have come to the store. */
function pathOf(slot: Slot, directory: string, fail: (problem: string) => never): string {
  const value = force(slot);
  if (value instanceof NixPath) return toText(value.path);
  const written = value instanceof NixString ? value.text : typeof value === "string" ? value : "";
  const path = toText(written);
  if (value instanceof NixString || path.startsWith("/nix/store/")) {
    fail(
      `'${path}' is in the store, where everybody can read it; name the file itself, without quotes or \${}`,
    );
  }
  return path.startsWith("~/") ? path : resolvePath(directory, path);
}
