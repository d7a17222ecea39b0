/** `secrets.files` on the `nixos` platform: nixos.nix, given what it needs of ours. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { NixError } from "../../../lang/eval/errors.ts";
import type { Evaluator } from "../../../lang/eval/evaluator.ts";
import { Attrs, NixString, PrimOp, type Slot } from "../../../lang/eval/value.ts";
import { ModuleSystem } from "../../../modules/system.ts";
import { fromText, toText } from "../../../store/bytes.ts";
import { Reader } from "../../reader.ts";
import { resolvedSecrets } from "./evaluate.ts";
import { renderSecretsManifest } from "./manifest.ts";
import { secretFilesType } from "./resolve.ts";
import { type SystemSecret, stablePath } from "./secret.ts";

/** A module for nixpkgs' own module system. */
export function nixosSecretsModule(evaluator: Evaluator, node: string): Slot {
  const system = ModuleSystem.of(evaluator);
  const script = readFileSync(new URL("./target/secrets.sh", import.meta.url));
  const scripts = evaluator.host.store.addTree("nixus-secrets-scripts", {
    type: "directory",
    entries: new Map([["secrets.sh", { type: "regular", executable: false, contents: script }]]),
  });
  const manifestOf = new PrimOp("manifestOf", 1, (files) => {
    const secrets = resolvedSecrets(new Reader(evaluator), files);
    refuseSharedPaths(node, secrets);
    // What nothing else refers to is there all the same when it has a link of its own, or is needed early.
    const referred = secrets.filter(({ explicitPath, early }) => explicitPath !== null || early);
    const text = fromText(renderSecretsManifest(secrets));
    return new NixString(text, new Set(referred.map(({ pointer }) => pointer)));
  });
  const module = evaluator.importFile(fromText(fileURLToPath(new URL("./nixos.nix", import.meta.url))));
  return evaluator.call(
    module,
    Attrs.fromEntries([
      ["secretFiles", system.typeValue(secretFilesType(() => node))],
      ["manifestOf", manifestOf],
      ["scripts", new NixString(scripts, new Set([scripts]))],
    ]),
  );
}

/** Which of two links would be there is no question that anybody should have to ask. */
function refuseSharedPaths(node: string, secrets: readonly SystemSecret[]): void {
  const byPath = new Map<string, string>();
  for (const secret of secrets) {
    const path = stablePath(secret);
    const other = byPath.get(path);
    if (other !== undefined) {
      const problem = `node '${toText(node)}': secrets.files."${other}" and secrets.files."${secret.name}" are both at ${path}; give one of them another 'path'`;
      throw new NixError("module", fromText(problem));
    }
    byPath.set(path, secret.name);
  }
}
