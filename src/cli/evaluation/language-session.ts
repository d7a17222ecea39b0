/** An evaluator for expressions rather than networks; set up by the flags of Nix's own programs. */
import { existsSync, readFileSync } from "node:fs";
import { sharedPlaces } from "../../fleet/platforms/nixos/shared-places.ts";
import { searchPath } from "../../fleet/search-path.ts";
import { families } from "../../lang/builtins/index.ts";
import { NixError } from "../../lang/eval/errors.ts";
import { createEvaluator } from "../../lang/eval/evaluation.ts";
import type { EvalSettings, Evaluator, SearchPathEntry } from "../../lang/eval/evaluator.ts";
import { isArchiveUrl } from "../../lang/eval/files.ts";
import { resolvePath } from "../../lang/eval/paths.ts";
import { Attrs, lazy, type Slot } from "../../lang/eval/value.ts";
import type { MessageKind } from "../../lang/host.ts";
import { createNodeHost, type NodeHost, type NodeHostOptions } from "../../lang/node-host.ts";
import { reachableLib } from "../../modules/lib/reachable.ts";
import { fromBytes, fromText } from "../../store/bytes.ts";
import { useStoreDir } from "../../store/store-path.ts";
import type { VirtualStore } from "../../store/virtual-store.ts";
import type { AutoArgument, EvaluationArguments } from "../arguments/evaluation.ts";
import { extraWordsOf, isOn, numberOf, severityOf, wordsOf } from "../arguments/settings.ts";

export interface LanguageSession {
  readonly evaluator: Evaluator;
  readonly host: NodeHost;
  /** Absolute; what relative paths start from. A byte string. */
  readonly workingDirectory: string;
  /** From `--arg` and the like. */
  readonly autoArguments: Attrs;
}

export interface LanguageSessionOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** `text` is a byte string. */
  readonly onMessage: (kind: MessageKind, text: string) => void;
  readonly store?: VirtualStore;
  /** The value is printed as far as it is computed: that has to be as far as Nix computes it. */
  readonly printsUncomputed?: boolean;
}

export function createLanguageSession(
  args: EvaluationArguments,
  { env, workingDirectory, onMessage, store, printsUncomputed = false }: LanguageSessionOptions,
): LanguageSession {
  useStoreDir(fromText(args.storeDir));
  for (const name of args.unknownSettings) onMessage("warning", `unknown setting '${fromText(name)}'`);
  const settings = {
    ...evalSettings(args, env, fromText(workingDirectory)),
    lazyLiterals: printsUncomputed,
  };
  const allowed = allowedPaths(settings);
  const host = createNodeHost({
    env,
    onMessage,
    dirtyTrees: dirtyTrees(args.settings),
    ...(allowed === undefined ? {} : { allowed }),
    ...(store === undefined ? {} : { store }),
  });
  const evaluator: Evaluator = createEvaluator({
    ...{ host, settings, families, sharedPlaces },
    ...reachableLib(() => evaluator),
  });
  const session = { evaluator, host, workingDirectory: fromText(workingDirectory) };
  const autoArguments = [...args.autoArguments].map(([name, argument]): [string, Slot] => [
    fromText(name),
    autoArgument(session, argument),
  ]);
  return { ...session, autoArguments: Attrs.fromEntries(autoArguments) };
}

function evalSettings(
  { searchPath: included, settings }: EvaluationArguments,
  env: LanguageSessionOptions["env"],
  workingDirectory: string,
): EvalSettings {
  const pureEval = isOn(settings, "pure-eval");
  return {
    pureEval,
    restrictEval: isOn(settings, "restrict-eval"),
    allowedUris: wordsOf(settings, "allowed-uris").map(fromText),
    nixPath: pureEval ? [] : [...included.map(searchPathEntry), ...defaultSearchPath(settings, env)],
    currentSystem: fromText(settings.get("eval-system") || settings.get("system") || thisSystem()),
    experimentalFeatures: new Set(wordsOf(settings, "experimental-features")),
    workingDirectory,
    literalLint: {
      urls: severityOf(settings, "lint-url-literals"),
      absolutePaths: severityOf(settings, "lint-absolute-path-literals"),
      shortPaths: severityOf(settings, "lint-short-path-literals"),
    },
    importFromDerivation: settings.get("allow-import-from-derivation") !== "false",
    maxCallDepth: numberOf(settings, "max-call-depth"),
    traceVerbose: isOn(settings, "trace-verbose"),
    abortOnWarn:
      isOn(settings, "abort-on-warn") || ["1", "yes", "true"].includes(env["NIX_ABORT_ON_WARN"] ?? ""),
  };
}

/** What `-I` adds to: the setting, or NIX_PATH, or where Nix puts channels (nix.conf manual, `nix-path`). */
function defaultSearchPath(
  settings: EvaluationArguments["settings"],
  env: LanguageSessionOptions["env"],
): readonly SearchPathEntry[] {
  if (settings.has("nix-path")) return wordsOf(settings, "nix-path").map(searchPathEntry);
  const extra = extraWordsOf(settings, "nix-path").map(searchPathEntry);
  if (env["NIX_PATH"] !== undefined) return [...searchPath(env["NIX_PATH"]), ...extra];
  const root = "/nix/var/nix/profiles/per-user/root/channels";
  const channels = [`nixpkgs=${root}/nixpkgs`, root];
  if (env["HOME"]) channels.unshift(`${env["HOME"]}/.nix-defexpr/channels`);
  return [...channels.map(searchPathEntry).filter(({ path }) => existsSync(path)), ...extra];
}

function searchPathEntry(text: string): SearchPathEntry {
  const entry = fromText(text);
  const equals = entry.indexOf("=");
  return equals < 0
    ? { prefix: "", path: entry }
    : { prefix: entry.slice(0, equals), path: entry.slice(equals + 1) };
}

/** Restricted evaluation sees what is in the search path; pure evaluation only what it made itself. */
function allowedPaths(settings: EvalSettings): NodeHostOptions["allowed"] {
  if (settings.pureEval) return { mode: "pure", paths: [] };
  if (!settings.restrictEval) return undefined;
  const local = settings.nixPath.filter(({ path }) => !isArchiveUrl(path));
  const paths = local.map(({ path }) => resolvePath(settings.workingDirectory ?? "/", path));
  return { mode: "restricted", paths, uris: settings.allowedUris ?? [] };
}

function dirtyTrees(settings: EvaluationArguments["settings"]): NonNullable<NodeHostOptions["dirtyTrees"]> {
  if (settings.get("allow-dirty") === "false") return "refuse";
  return settings.get("warn-dirty") === "false" ? "allow" : "warn";
}

const architectures: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {
  arm: "armv7l",
  arm64: "aarch64",
  ia32: "i686",
  x64: "x86_64",
};

/** This machine as `builtins.currentSystem` names it, e.g. `x86_64-linux`. */
function thisSystem(): string {
  return `${architectures[process.arch] ?? process.arch}-${process.platform}`;
}

function autoArgument(
  { evaluator, workingDirectory }: Pick<LanguageSession, "evaluator" | "workingDirectory">,
  argument: AutoArgument,
): Slot {
  switch (argument.kind) {
    case "expression": {
      const expr = evaluator.parseExpr(fromText(argument.text), { kind: "string" }, workingDirectory);
      return lazy(() => evaluator.evalExpr(expr));
    }
    case "string":
      return fromText(argument.text);
    case "file":
      return readWhole(argument.path, argument.path);
    case "stdin":
      return readStandardInput();
  }
}

/** All of standard input, a byte string. */
export function readStandardInput(): string {
  return readWhole(0, "standard input");
}

function readWhole(file: number | string, what: string): string {
  try {
    return fromBytes(readFileSync(file));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new NixError("io", `cannot read ${fromText(what)}: ${fromText(why)}`, { cause });
  }
}
