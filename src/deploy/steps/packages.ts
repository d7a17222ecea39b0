/** Packages of the machine's distribution, installed before the switcher is armed. */
import { NodeError, RemoteCommandError } from "../errors.ts";
import { parseAnswer } from "../protocol.ts";
import type { NodeSession } from "../session.ts";
import { lastLines } from "../ssh/failures.ts";
import { packagesScript } from "../target/scripts.ts";

export async function installPackages(
  { id, connection, context, report }: NodeSession,
  packages: readonly string[],
): Promise<void> {
  const wrong = packages.find((name) => !/^[a-z0-9][a-z0-9+.:-]*$/.test(name));
  if (wrong !== undefined) throw new NodeError(`${JSON.stringify(wrong)} is no name of a package`);
  report({ type: "installing-packages", packages });
  const { exitCode, stderr } = await connection.run(packagesScript(id, packages), {
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
