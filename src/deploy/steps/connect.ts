/** Connect: the first words with a machine, and what they tell of it. */
import { type Facts, FactsError, parseFacts, secretQuestion } from "../../plan/facts.ts";
import { usedSecrets } from "../../plan/plan.ts";
import { NodeError, RemoteCommandError } from "../errors.ts";
import type { DeployableNode, NodeSession } from "../session.ts";
import { destinationProblem } from "../ssh/destination.ts";
import { lastLines, privilegeProblem } from "../ssh/failures.ts";
import { factsScript } from "../target/scripts.ts";

/** Which secrets, and which accounts they are for, have to be looked for. */
function secretQuestions(node: DeployableNode): string[] {
  const questions = usedSecrets(node).flatMap(({ entry, makesUser, makesGroup }) => [
    secretQuestion(entry),
    ...(makesUser ? [] : [`user ${entry.user}`]),
    ...(makesGroup ? [] : [`group ${entry.group}`]),
  ]);
  return [...new Set(questions)];
}

/** Connects and reads the facts; `paths` are the store paths of which it has to be known whether they are there. */
export async function connect(session: NodeSession, paths: readonly string[]): Promise<Facts> {
  const { node, connection, context, report } = session;
  report({ type: "connecting" });
  const problem = destinationProblem(node.host);
  if (problem !== undefined) throw new NodeError(problem);
  let answer = "";
  const { exitCode, stderr } = await connection.run(factsScript(), {
    input: [Buffer.from(`${[...paths, "", ...node.packages, "", ...secretQuestions(node)].join("\n")}\n`)],
    signal: context.signal,
    timeLimit: context.timing.examination,
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
