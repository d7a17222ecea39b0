/**
 * Loads TypeScript and JavaScript files as modules: with jiti, synchronously, into the running program. `nixus` is in
 * them what runs just now, wherever they lie.
 */
import { readFileSync } from "node:fs";
import { createRequire, SourceMap, type SourceMapPayload } from "node:module";
import type { Jiti, TransformOptions } from "jiti";
import { NixError } from "../../lang/eval/errors.ts";
import type { EvalHost } from "../../lang/host.ts";
import type { Pos } from "../../lang/syntax/positions.ts";
import { NativeModule } from "../../modules/define.ts";
import type { ModuleFunction, ModuleSource } from "../../modules/module.ts";
import { nearest } from "../../modules/nearest.ts";
import { callScript } from "../../modules/script-errors.ts";
import { ScriptModule } from "../../modules/script-module.ts";
import {
  addScript,
  currentScriptPosition,
  locate,
  registerScript,
  type Script,
  scriptOffset,
} from "../../modules/script-position.ts";
import type { ScriptLoader } from "../../modules/system.ts";
import { fromText, toText } from "../../store/bytes.ts";
import * as authoring from "../authoring.ts";
import { positionsModule, positionsPlugin } from "./positions-plugin.ts";

const require = createRequire(import.meta.url);

/** What jiti puts in front of the code, on its first line. */
const wrapper = "(function (exports, require, module, __filename, __dirname, jitiImport, jitiESMResolve) { ";

/** What jiti's transformation gives for a file that is not TypeScript: code that exports this. */
const failure = "exports.__JITI_ERROR__ = ";

interface Failure {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Files that were loaded in this thread; an evaluation reads each anew. */
const loaded = new Set<string>();

/** The loader of one evaluation. Nothing of jiti is loaded before there is a file to load. */
export function createScriptLoader(host: EvalHost): ScriptLoader {
  let jiti: Jiti | undefined;
  const started = () => {
    jiti ??= createJiti(host);
    return jiti;
  };
  const modules = new Map<string, ModuleSource>();
  return {
    load(path) {
      let module = modules.get(path);
      if (module === undefined) {
        if (host.fileType(path) === undefined) {
          throw new NixError("io", `the module '${path}' does not exist`);
        }
        host.noteUnrecorded(path);
        module = moduleOf(importFile(started(), toText(path)), path);
        modules.set(path, module);
      }
      return module;
    },
    resolve(name, file) {
      const found = started().esmResolve(toText(name), { parentURL: toText(file), try: true });
      if (found === undefined) {
        throw new NixError(
          "module",
          `the module '${name}' that ${file} imports is not found: it is neither a path (\`./${name}') nor in an installed npm package`,
        );
      }
      return fromText(found.startsWith("file:") ? new URL(found).pathname : found);
    },
  };
}

function importFile(jiti: Jiti, path: string): unknown {
  const load: (id: string) => unknown = jiti;
  // A file that needs no transformation runs as it is written.
  const text = readFileSync(path, "utf8");
  addScript(path, { text, base: registerScript(path, text), original: () => undefined });
  try {
    return callScript(() => load(path));
  } catch (error) {
    if (error instanceof NixError || !(error instanceof Error)) throw error;
    throw new NixError(
      error instanceof SyntaxError ? "syntax" : "eval",
      fromText(`cannot load the module ${path}: ${error.message}`),
      { cause: error },
    );
  }
}

/** What the file exports, as a module. */
function moduleOf(exported: unknown, path: string): ModuleSource {
  const isObject = typeof exported === "object" && exported !== null;
  const definition: unknown =
    isObject && "default" in exported
      ? exported.default
      : isObject && "__esModule" in exported
        ? undefined
        : exported;
  if (definition instanceof NativeModule || definition instanceof ScriptModule) return definition;
  if (definition instanceof Promise) {
    throw new NixError("module", `the module ${path} exports a promise, but modules are synchronous`);
  }
  if (typeof definition === "function" || (typeof definition === "object" && definition !== null)) {
    return new ScriptModule(definition as ModuleFunction | object, path, path);
  }
  throw new NixError(
    "module",
    definition === undefined
      ? `the module ${path} has no default export: write \`export default defineNetwork(() => ({ ... }))' or \`export default defineModule({ ... })'`
      : `the default export of ${path} is no module: it is of type ${typeof definition}`,
  );
}

function createJiti(host: EvalHost): Jiti {
  const { createJiti: create } = require("jiti") as typeof import("jiti");
  for (const path of loaded) delete require.cache[path];
  loaded.clear();
  const transformer = create(import.meta.url, { fsCache: false });
  return create(import.meta.url, {
    fsCache: false,
    interopDefault: false,
    virtualModules: { nixus: exportsOfNixus(), [positionsModule]: { locate } },
    transform: (options) => ({ code: transform(host, transformer, options) }),
  });
}

/** Programs can import more of Nixus than modules. */
function exportsOfNixus(): object {
  return new Proxy(
    { __esModule: true, ...authoring },
    {
      get(target, name) {
        if (name in target || typeof name === "symbol" || name === "default")
          return Reflect.get(target, name);
        throw new NixError("module", fromText(`"nixus" has no '${name}' for modules; ${insteadOf(name)}`), {
          pos: currentScriptPosition(),
        });
      },
    },
  );
}

function insteadOf(name: string): string {
  // Everybody calls them so.
  if (name === "t") return "write import { types as t }";
  const names = Object.keys(authoring).sort();
  const near = nearest(name, names);
  return near.length === 0 ? `it has: ${names.join(", ")}` : `did you mean ${near.join(" or ")}?`;
}

/** The code that runs in the place of a file's text. */
function transform(host: EvalHost, transformer: Jiti, options: TransformOptions): string {
  const { source, filename = "" } = options;
  // Belongs to what the evaluation has read.
  host.readFile(fromText(filename));
  loaded.add(filename);
  const base = registerScript(filename, source);
  const position = (offset: number) => scriptOffset(base, source, offset);
  let topLevelAwait: Pos | undefined;
  const plugin = positionsPlugin({
    position,
    onTopLevelAwait: (pos) => {
      topLevelAwait ??= pos;
    },
  });
  const babel = { sourceMaps: "inline", sourceFileName: filename, plugins: [plugin] };
  const code = transformer.transform({ ...options, babel });
  if (code.startsWith(failure)) throw syntaxError(JSON.parse(code.slice(failure.length)), base, source);
  if (topLevelAwait !== undefined) {
    throw new NixError("syntax", "modules are synchronous: there can be no `await' here", {
      pos: topLevelAwait,
    });
  }
  addScript(filename, { text: source, base, original: originalPlaces(code) });
  return code;
}

function syntaxError({ line, column, message }: Failure, base: Pos, source: string): NixError {
  const lines = source.split("\n").slice(0, line - 1);
  const offset = lines.reduce((length, one) => length + one.length + 1, column);
  return new NixError("syntax", fromText(`syntax error: ${message.trim()}`), {
    pos: scriptOffset(base, source, offset),
  });
}

const mapComment = /^\/\/# sourceMappingURL=data:application\/json[^,]*;base64,(.+)$/m;

/** Reads the source map in the code. */
function originalPlaces(code: string): Script["original"] {
  const comment = mapComment.exec(code);
  if (comment === null) return () => undefined;
  const payload = JSON.parse(Buffer.from(comment[1]!, "base64").toString()) as SourceMapPayload;
  const map = new SourceMap(payload);
  return (line, column) => {
    const entry = map.findEntry(line, line === 0 ? Math.max(0, column - wrapper.length) : column);
    return "originalLine" in entry ? { line: entry.originalLine, column: entry.originalColumn } : undefined;
  };
}
