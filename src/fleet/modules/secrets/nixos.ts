/** `secrets.files` on the `nixos` platform: nixos.nix, given what it needs of ours. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Evaluator } from "../../../lang/eval/evaluator.ts";
import { Attrs, NixString, PrimOp, type Slot } from "../../../lang/eval/value.ts";
import { ModuleSystem } from "../../../modules/system.ts";
import { fromText } from "../../../store/bytes.ts";
import { Reader } from "../../reader.ts";
import { resolvedSecrets } from "./evaluate.ts";
import { renderSecretsManifest } from "./manifest.ts";
import { secretFilesType } from "./resolve.ts";

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
