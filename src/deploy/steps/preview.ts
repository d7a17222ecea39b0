/** Preview: what a deployment would change, found out without changing anything on the machine or here. */
import type { Preview } from "../../events/preview.ts";
import type { Facts } from "../../plan/facts.ts";
import type { Step } from "../../plan/plan.ts";
import { type PreviewAnswer, PreviewError, parsePreview } from "../../plan/preview/answer.ts";
import type { Closure } from "../../plan/preview/closure.ts";
import { type Looked, previewOf, refusal } from "../../plan/preview/preview.ts";
import type { ForeseenReboot } from "../../plan/reboot.ts";
import { mebibytes } from "../../plan/transfer.ts";
import { contentsBytes } from "../../store/file-chunks.ts";
import { narChunks } from "../../store/nar.ts";
import type { StoreObject, TreeNode } from "../../store/tree.ts";
import { RemoteCommandError } from "../errors.ts";
import { type NodeSession, objectAt } from "../session.ts";
import { lastLines } from "../ssh/failures.ts";
import { placeOf } from "../stores/places.ts";
import { type PreviewQuestion, previewScript } from "../target/scripts.ts";
import { foreseeReboot } from "./reboot.ts";

/** More than this is not sent to be looked at only: it would be kept in the machine's memory. */
const longestSent = 64 * 1024 * 1024;

export interface PreviewResult {
  readonly preview: Preview;
  /** Why the machine would refuse the new system; undefined: nothing speaks against it. */
  readonly refusal: string | undefined;
}

export async function previewDeployment(
  session: NodeSession,
  steps: readonly Step[],
  facts: Facts,
): Promise<PreviewResult> {
  const { node } = session;
  const made = node.source.type === "memory";
  const objects = made ? systemObjects(session) : [];
  const missing = objects.filter(({ path }) => facts.missing.has(path));
  const size = missing.reduce((sum, { narSize }) => sum + narSize, 0);
  const { how, untried } = howToLook(session, steps, facts, size);
  const answer = await ask(session, how, facts, how === "sent" ? missing : []);
  const built = how === "no" && !made ? await builtElsewhere(session, steps) : null;
  const looked: Looked = {
    ...{ node, facts, steps, answer, untried },
    after: made ? sizesOf(objects) : how === "there" ? answer.after : built,
    rebooting: await rebooting(session, steps, how),
    files: made ? manifestFiles(objects.find(({ path }) => path === node.toplevel)) : [],
  };
  return { preview: previewOf(looked), refusal: refusal(looked) };
}

function howToLook(
  { node }: NodeSession,
  steps: readonly Step[],
  facts: Facts,
  size: number,
): { readonly how: PreviewQuestion["how"]; readonly untried: string | null } {
  if (!facts.missing.has(node.toplevel)) return { how: "there", untried: null };
  if (node.source.type !== "memory") {
    const builtThere =
      node.source.type === "derivation" &&
      steps.some((step) => step.type === "build" && step.place.type === "target");
    return { how: "no", untried: builtThere ? "known after building" : "known after copying" };
  }
  if (size > longestSent) return { how: "no", untried: `known after copying ${mebibytes(size)}` };
  return { how: "sent", untried: null };
}

async function rebooting(
  session: NodeSession,
  steps: readonly Step[],
  how: PreviewQuestion["how"],
): Promise<ForeseenReboot> {
  const step = steps.find((step) => step.type === "switch" || step.type === "restart");
  if (step === undefined) return { type: "live", pending: [] };
  return await foreseeReboot(session, step, how === "there");
}

/** What the system consists of, references before referrers. */
function systemObjects({ node, context }: NodeSession): StoreObject[] {
  const found = new Map<string, StoreObject>();
  const visit = (path: string): void => {
    if (found.has(path)) return;
    const object = objectAt(context, path);
    if (object === undefined) return;
    found.set(path, object);
    for (const reference of object.references) visit(reference);
  };
  visit(node.toplevel);
  return [...found.values()];
}

function sizesOf(objects: readonly StoreObject[]): Closure {
  return new Map(objects.map(({ path, narSize }) => [path, narSize]));
}

/** Lines of `manifest/files`; none of a system that has no such file. */
function manifestFiles(system: StoreObject | undefined): string[] {
  let at: TreeNode | undefined = system?.tree;
  for (const name of ["manifest", "files"]) at = at?.type === "directory" ? at.entries.get(name) : undefined;
  if (at?.type !== "regular") return [];
  return Buffer.from(contentsBytes(at.contents))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
}

async function ask(
  { node, connection, context }: NodeSession,
  how: PreviewQuestion["how"],
  facts: Facts,
  objects: readonly StoreObject[],
): Promise<PreviewAnswer> {
  const lines: string[] = [];
  const script = previewScript({
    ...{ system: node.toplevel, running: facts.currentSystem, how, seconds: node.switchTimeout },
  });
  const { exitCode, stderr } = await connection.run(script, {
    ...(how === "sent" ? { input: narChunks(archive(objects)) } : {}),
    signal: context.signal,
    timeLimit: context.timing.examination + node.switchTimeout * 1000,
    onLine: (line) => lines.push(line),
  });
  try {
    return parsePreview(lines);
  } catch (cause) {
    if (!(cause instanceof PreviewError)) throw cause;
    throw new RemoteCommandError(
      `it could not be found out what would change there (exit status ${exitCode}; it said: ${lastLines(stderr) || "nothing"})`,
      { cause },
    );
  }
}

/** As they are in a store directory. */
function archive(objects: readonly StoreObject[]): TreeNode {
  return {
    type: "directory",
    entries: new Map(objects.map(({ path, tree }) => [path.slice(path.lastIndexOf("/") + 1), tree])),
  };
}

/** What a system consists of in the store where it is to be built; null: it was not built yet. */
async function builtElsewhere(session: NodeSession, steps: readonly Step[]): Promise<Closure | null> {
  const { node } = session;
  const from = steps.flatMap((step) =>
    step.type === "copy" && step.closure !== null ? [step.closure.from] : [],
  )[0];
  if (from === undefined || from.type === "target") return null;
  const { store } = await placeOf(session, from).open(() => {});
  try {
    if (!(await store.queryValidPaths([node.toplevel])).has(node.toplevel)) return null;
    const infos = await store.closure([node.toplevel]);
    return new Map(infos.map(({ path, narSize }) => [path, narSize]));
  } finally {
    await store.close();
  }
}
