/** The deployment of one node, from the first connection to its outcome. */
import type { EventSink, Outcome, StepName } from "../events/event.ts";
import type { EvaluatedNode } from "../fleet/evaluated.ts";
import { type Facts, FactsError, parseFacts } from "../plan/facts.ts";
import { plan, type Step, wantedPaths } from "../plan/plan.ts";
import { exportStream } from "../store/export.ts";
import type { StoreObject } from "../store/tree.ts";
import { InterruptedError, NodeError, RemoteCommandError } from "./errors.ts";
import { parseAnswer } from "./protocol.ts";
import { type Reporter, reporterFor } from "./reporter.ts";
import { Connection } from "./ssh/connection.ts";
import { destinationProblem, destinationUrl } from "./ssh/destination.ts";
import { lastLines, privilegeProblem } from "./ssh/failures.ts";
import { switchSystem, type Timing } from "./switch.ts";
import { factsScript, importScript, packagesScript, unrootScript } from "./target/scripts.ts";

/** What all nodes of one deployment share. */
export interface DeploymentContext {
  /** Unique; letters, digits and hyphens. */
  readonly id: string;
  /** Who deploys: `user@host`. */
  readonly by: string;
  /** By store path. */
  readonly objects: ReadonlyMap<string, StoreObject>;
  readonly switcher: StoreObject;
  readonly sink: EventSink;
  readonly signal: AbortSignal;
  readonly timing: Timing;
}

export interface NodeResult {
  readonly node: string;
  readonly outcome: Outcome;
  readonly system: string;
  /** Where it ended and why; null when the machine is on its new system. */
  readonly problem: { readonly step: StepName; readonly message: string } | null;
  /** What the activation and the switcher printed last. */
  readonly output: readonly string[];
}

const keptOutput = 20;

/** Never fails: what goes wrong is reported and is part of the result. */
export async function deployNode(
  node: EvaluatedNode & { readonly host: string },
  controlPath: string,
  context: DeploymentContext,
): Promise<NodeResult> {
  const output: string[] = [];
  const send = reporterFor(node, context.sink);
  const report: Reporter = (event) => {
    if (event.type === "output") output.push(event.line);
    if (output.length > keptOutput) output.shift();
    send(event);
  };
  const connection = new Connection(
    {
      destination: node.host,
      sshOptions: node.sshOptions,
      privilegeEscalationCommand: node.privilegeEscalationCommand,
    },
    controlPath,
  );
  const deployment = new NodeDeployment(node, connection, report, context);
  let end: Pick<NodeResult, "outcome" | "problem">;
  try {
    end = await deployment.run();
  } catch (error) {
    end = {
      outcome: deployment.outcomeOfFailure,
      problem: { step: deployment.step, message: messageOf(error, context.signal) },
    };
  } finally {
    await connection.close();
  }
  if (end.problem !== null) report({ type: "problem", ...end.problem });
  report({ type: "finished", outcome: end.outcome, system: node.toplevel });
  return { node: node.name, system: node.toplevel, output, ...end };
}

/** The steps of one node; where it stands is what a failure is reported with. */
class NodeDeployment {
  step: StepName = "connect";
  /** What a failure means: nothing was changed, until the switcher has been triggered. */
  outcomeOfFailure: Outcome = "failed";
  private readonly node: EvaluatedNode & { readonly host: string };
  private readonly connection: Connection;
  private readonly report: Reporter;
  private readonly context: DeploymentContext;

  constructor(
    node: EvaluatedNode & { readonly host: string },
    connection: Connection,
    report: Reporter,
    context: DeploymentContext,
  ) {
    this.node = node;
    this.connection = connection;
    this.report = report;
    this.context = context;
  }

  async run(): Promise<Pick<NodeResult, "outcome" | "problem">> {
    const { node, context } = this;
    context.signal.throwIfAborted();
    this.report({ type: "connecting" });
    const problem = destinationProblem(node.host);
    if (problem !== undefined) throw new NodeError(problem);
    const wanted = {
      node,
      switcher: context.switcher.path,
      narSize: (path: string) => this.object(path)?.narSize,
    };
    const planned = plan(wanted, await this.facts(wantedPaths(wanted)));
    switch (planned.type) {
      case "refuse":
        throw new NodeError(planned.problem);
      case "unchanged":
        return { outcome: "unchanged", problem: null };
      case "deploy":
        for (const message of planned.warnings) this.report({ type: "warning", step: "connect", message });
        return await this.take(planned.steps);
    }
  }

  private async take(steps: readonly Step[]): Promise<Pick<NodeResult, "outcome" | "problem">> {
    let copied = false;
    try {
      for (const step of steps) {
        this.context.signal.throwIfAborted();
        switch (step.type) {
          case "copy":
            this.step = "copy";
            copied = true;
            await this.copy(step.paths, step.size);
            break;
          case "install-packages":
            this.step = "copy";
            await this.installPackages(step.packages);
            break;
          case "switch":
            this.step = "switch";
            return await this.switch(step.system, step.previous);
        }
      }
    } catch (error) {
      if (copied) await this.unroot();
      throw error;
    }
    throw new Error("a plan without a switch");
  }

  private object(path: string): StoreObject | undefined {
    const { switcher, objects } = this.context;
    return path === switcher.path ? switcher : objects.get(path);
  }

  private async facts(paths: readonly string[]): Promise<Facts> {
    const { node, connection, context } = this;
    let answer = "";
    const { exitCode, stderr } = await connection.run(factsScript(), {
      input: [Buffer.from(`${[...paths, "", ...node.packages].join("\n")}\n`)],
      signal: context.signal,
      onLine: (line) => {
        answer += `${line}\n`;
      },
    });
    try {
      return parseFacts(answer);
    } catch (cause) {
      if (!(cause instanceof FactsError)) throw cause;
      const privilege = privilegeProblem(node.privilegeEscalationCommand, stderr);
      if (privilege !== undefined) throw new NodeError(privilege, { cause });
      const said = lastLines(stderr) || lastLines(answer) || "nothing";
      throw new RemoteCommandError(
        `the machine could not be examined (exit status ${exitCode}; it said: ${said}); it needs a POSIX /bin/sh and coreutils`,
        { cause },
      );
    }
  }

  /** Sends store objects in one stream; what is imported is safe from the garbage collector until the end. */
  private async copy(paths: readonly string[], size: number): Promise<void> {
    const { node, connection, context, report } = this;
    report({ type: "copying-closure" });
    report({ type: "copying-paths", count: paths.length, size });
    const destination = destinationUrl(node.host);
    const objects = paths.map((path) => {
      const object = this.object(path);
      if (object === undefined) throw new Error(`planned to send ${path}, which there is not`);
      return object;
    });
    function* announced(): Iterable<StoreObject> {
      for (const object of objects) {
        report({ type: "copying-path", path: object.path, destination });
        yield object;
      }
    }
    const roots = [node.toplevel, context.switcher.path, ...(node.baseline === null ? [] : [node.baseline])];
    const { exitCode, stderr } = await connection.run(importScript(context.id, roots), {
      input: exportStream(announced()),
      signal: context.signal,
    });
    if (exitCode !== 0) {
      const full = /No space left on device/.test(stderr)
        ? "; its disk is full: make room and deploy again"
        : "";
      throw new RemoteCommandError(`the store paths could not be imported: ${lastLines(stderr)}${full}`);
    }
  }

  /** Best effort: what stays is removed by a deployment a day later. */
  private async unroot(): Promise<void> {
    if (this.outcomeOfFailure !== "failed") return;
    await this.connection
      .run(unrootScript(this.context.id), { signal: AbortSignal.timeout(5000) })
      .catch(() => {});
  }

  private async installPackages(packages: readonly string[]): Promise<void> {
    const { connection, context, report } = this;
    const wrong = packages.find((name) => !/^[a-z0-9][a-z0-9+.:-]*$/.test(name));
    if (wrong !== undefined) throw new NodeError(`${JSON.stringify(wrong)} is no name of a package`);
    report({ type: "installing-packages", packages });
    const { exitCode, stderr } = await connection.run(packagesScript(context.id, packages), {
      signal: context.signal,
      onLine: (line) => {
        const answer = parseAnswer(line);
        if (answer?.kind === "output") report({ type: "output", step: "copy", line: answer.line });
      },
    });
    if (exitCode !== 0) {
      throw new RemoteCommandError(
        `the packages ${packages.join(", ")} could not be installed (exit status ${exitCode}): ${lastLines(stderr) || "see its output"}`,
      );
    }
  }

  private async switch(system: string, previous: string): Promise<Pick<NodeResult, "outcome" | "problem">> {
    const { node, connection, context } = this;
    this.outcomeOfFailure = "unknown";
    const report: Reporter = (event) => {
      if (event.type === "confirming") this.step = "confirm";
      this.report(event);
    };
    const { id, by, signal, timing } = context;
    const switcher = context.switcher.path;
    try {
      const { outcome, problem } = await switchSystem({
        ...{ node, id, system, previous, switcher, by, connection, report, signal, timing },
      });
      return { outcome, problem: problem === "" ? null : { step: this.step, message: problem } };
    } catch (error) {
      if (error instanceof NodeError) this.outcomeOfFailure = "failed";
      throw error;
    }
  }
}

function messageOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted && error === signal.reason) return "interrupted before the switch";
  if (error instanceof InterruptedError) return "interrupted before the switch";
  if (error instanceof NodeError) return error.message;
  // A store object that changed under our hands, a full disk here: not the machine's doing.
  return error instanceof Error ? error.message : String(error);
}
