/** What a machine says about a deployment that is only looked at: the answer of `src/deploy/target/preview.sh`. */
import { readAnswer } from "../answer.ts";

export interface PreviewAnswer {
  /** What the systems consist of, in bytes of NARs by store path; empty for one that is not in the machine's store. */
  readonly before: ReadonlyMap<string, number>;
  readonly after: ReadonlyMap<string, number>;
  /** The running system's `manifest/files` and `nixus-secrets`, if any. */
  readonly files: readonly string[];
  readonly secrets: readonly string[];
  /** Of the new system's managed paths, those where something is now. */
  readonly present: ReadonlySet<string>;
  /** Whether a reboot is asked for already, by the distribution. */
  readonly rebootRequired: boolean;
  /** What `dry-activate` printed, and its exit status; null: it did not run. */
  readonly activation: { readonly status: number; readonly output: readonly string[] } | null;
  /** Why it did not run on this machine. */
  readonly noActivation: string;
}

/** What came over the connection is not what the script prints. */
export class PreviewError extends Error {
  override readonly name = "PreviewError";
}

/** Lines before it are ignored. Throws a PreviewError. */
export function parsePreview(lines: readonly string[]): PreviewAnswer {
  const all = readAnswer(lines, "preview");
  if (all === undefined) throw new PreviewError("the machine's answer holds no preview");
  const sizes = (key: string) =>
    new Map(
      all(key).map((text): [string, number] => {
        const space = text.indexOf(" ");
        return [text.slice(space + 1), Number(text.slice(0, space))];
      }),
    );
  const status = all("activationStatus")[0];
  return {
    ...{ before: sizes("before"), after: sizes("after"), files: all("file"), secrets: all("secret") },
    present: new Set(all("present")),
    rebootRequired: all("rebootRequired").length > 0,
    activation: status === undefined ? null : { status: Number(status), output: all("activation") },
    noActivation: all("noActivation")[0] ?? "",
  };
}
