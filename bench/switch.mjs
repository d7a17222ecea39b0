// How long a switch takes beyond the activation itself: from its trigger until the machine is asked for the confirmation,
// and until the deployment is done. On a test machine (as root); the shortest of some runs, since a machine that does
// other things as well only makes it longer.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureLabLibrary } from "../scripts/setup/build.mjs";
import { project } from "../scripts/setup/project.mjs";

const runs = Number(process.argv[2] ?? 6);
const name = "foo.example.com";

/** @param {string} text */
const network = (text) => `{
  nodes.foo = {
    host = "root@${name}";
    platform = "linux";
    configuration.environment.etc.mark.text = "${text}";
  };
}`;

await ensureLabLibrary();
const { Lab } = await import(pathToFileURL(join(project, "dist-test/lab.js")).href);
const lab = await Lab.start({ machines: [{ name }] });
try {
  const machine = lab.machine();
  const file = join(lab.home, "network.nix");
  const program = join(project, "dist/cli/main.js");
  const deploy = async (/** @type {string} */ text) => {
    writeFileSync(file, network(text));
    const { stdout } = await lab.run([process.execPath, program, "deploy", "-f", file, "--json"], {
      check: true,
      cwd: project,
    });
    const events = stdout
      .split("\n")
      .filter((/** @type {string} */ line) => line !== "")
      .map((/** @type {string} */ line) => JSON.parse(line));
    const at = (/** @type {string} */ type) =>
      events.find((/** @type {{ type: string }} */ event) => event.type === type).time;
    const begun = at("triggering-switcher");
    return { confirming: at("confirming") - begun, done: at("finished") - begun };
  };
  /** Milliseconds of an activation by hand, of the system that runs and of the one before in turn. */
  const activate = async () => {
    const { stdout } = await machine.exec(`
      now=$(readlink -f /run/current-system)
      link=$(ls -d /nix/var/nix/profiles/system-*-link | sort -V | tail -n 2 | head -n 1)
      begun=$(date +%s%3N)
      "$(readlink -f "$link")/bin/switch-to-configuration" test >/dev/null 2>&1
      echo $(($(date +%s%3N) - begun))
      "$now/bin/switch-to-configuration" test >/dev/null 2>&1`);
    return Number(stdout.trim());
  };
  await deploy("first");
  /** @type {{ confirming: number, done: number, activation: number }[]} */
  const results = [];
  for (let run = 0; run < runs; run++) {
    const switched = await deploy(`run ${run}`);
    results.push({ ...switched, activation: await activate() });
  }
  const least = (/** @type {"confirming" | "done" | "activation"} */ key) =>
    Math.min(...results.map((result) => result[key]));
  for (const { confirming, done, activation } of results) {
    console.log(
      `${confirming} ms to the confirmation, ${done} ms to the end; an activation by hand ${activation} ms`,
    );
  }
  const beyond = (/** @type {number} */ time) => ((time - least("activation")) / 1000).toFixed(2);
  console.log(
    `shortest of ${runs}: ${beyond(least("confirming"))} s beyond the activation (${(least("activation") / 1000).toFixed(2)} s) ` +
      `to the confirmation, ${beyond(least("done"))} s to the end`,
  );
} finally {
  await lab.stop();
}
