/** Health checks that run something: on the machine as root, or here. */
import { runLocally } from "../local-script.ts";
import { quote } from "../ssh/remote-script.ts";
import { type Finding, fine, type Try, wrong } from "./probe.ts";

/** Exit status of timeout(1). */
const timedOut = 124;

/** The unit is active; otherwise the last lines of its journal are the output. */
export async function probeUnit(unit: string, attempt: Try): Promise<Finding> {
  const script = `
unit=${quote(unit)}
state=$(systemctl is-active -- "$unit")
if [ "$state" = active ]; then exit 0; fi
printf 'unit %s is %s\\n' "$unit" "\${state:-unknown}"
journalctl --quiet --no-pager --no-hostname --boot --lines=10 --unit="$unit" </dev/null
exit 1
`;
  const finding = await probeCommand(script, attempt);
  if (finding.ok) return finding;
  const [state = finding.problem, ...journal] = finding.output;
  return wrong(state, journal);
}

/** The script exits with 0. It runs over a connection of its own. */
export async function probeCommand(script: string, { session, timeout, signal }: Try): Promise<Finding> {
  const output: string[] = [];
  const { exitCode, stderr } = await session.connection.run(
    `exec timeout --kill-after=1 ${timeout} /bin/sh -c ${quote(script)}\n`,
    { fresh: true, signal, connectTimeout: timeout, onLine: (line) => output.push(line) },
  );
  if (exitCode === 0) return fine;
  const said = [...output, ...stderr.split("\n").filter((line) => line !== "")];
  return wrong(exitCode === timedOut ? `no end within ${timeout} s` : `exit status ${exitCode}`, said);
}

export async function probeLocalCommand(script: string, { session, signal }: Try): Promise<Finding> {
  const output: string[] = [];
  const exitCode = await runLocally(session.node, { script, signal, onLine: (line) => output.push(line) });
  return exitCode === 0 ? fine : wrong(`exit status ${exitCode}`, output);
}
