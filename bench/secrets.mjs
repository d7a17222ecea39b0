// What secrets cost: many to many machines, on real machines in containers (root; test/machines/lib). One deployment
// without secrets, one that sends them all, one that changes them all, one that changes one.
//
//   node bench/secrets.mjs [--machines 20] [--secrets 200] [--parallel 2]
//
// Containers share the processors of this machine, so no more are deployed at the same time than it has of them.

import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { ensureLabLibrary, ensureProgram } from "../scripts/setup/build.mjs";
import { project } from "../scripts/setup/project.mjs";

/** @typedef {{ type: string, time: number, node?: string, outcome?: string, count?: number }} Event */

const { values } = parseArgs({
  options: {
    machines: { type: "string", default: "20" },
    secrets: { type: "string", default: "200" },
    parallel: { type: "string", default: String(availableParallelism()) },
  },
});
const names = Array.from({ length: Number(values.machines) }, (_, index) => `m${index + 1}`);
const secrets = Array.from({ length: Number(values.secrets) }, (_, index) => `secret-${index + 1}`);

await ensureProgram();
await ensureLabLibrary();
const { Lab } = await import(pathToFileURL(join(project, "dist-test/lab.js")).href);
const lab = await Lab.start({ machines: names.map((name) => ({ name })) });
try {
  const sources = join(lab.home, "sources");
  mkdirSync(sources);
  for (const secret of secrets) renew(secret);
  await deploy("without secrets", false, "first");
  await deploy("an ordinary change", false, "second");
  await deploy(`${secrets.length} secrets`, true, "third");
  for (const secret of secrets) renew(secret);
  await deploy(`${secrets.length} changed secrets`, true, "third");
  renew(secrets[0] ?? "");
  await deploy("1 changed secret", true, "third");

  /** @param {string} secret */
  function renew(secret) {
    writeFileSync(join(sources, secret), `${randomBytes(24).toString("hex")}\n`);
  }

  /**
   * Deploys to all machines and prints what each took, in the middle and at most.
   *
   * @param {string} title
   * @param {boolean} withSecrets
   * @param {string} text
   */
  async function deploy(title, withSecrets, text) {
    const file = join(lab.home, "network.nix");
    writeFileSync(file, network(withSecrets, text));
    const nixus = [process.execPath, join(project, "dist/cli/main.js")];
    const begun = Date.now();
    const result = await lab.run([...nixus, "deploy", "-f", file, "--json", "--parallel", values.parallel], {
      timeout: 900_000,
    });
    const events = /** @type {Event[]} */ (
      result.stdout
        .split("\n")
        .filter((/** @type {string} */ line) => line !== "")
        .map((/** @type {string} */ line) => JSON.parse(line))
    );
    const done = events.filter(({ type, outcome }) => type === "finished" && outcome === "activated");
    if (done.length !== names.length) throw new Error(`${title}: ${result.stdout}${result.stderr}`);
    const spans = names.map((name) => stepTimes(events.filter(({ node }) => node === name)));
    console.log(`${title} to ${names.length} machines: ${seconds(Date.now() - begun)} in all`);
    for (const step of /** @type {const} */ (["connect", "copy", "secrets", "switch"])) {
      const times = spans.map((span) => span[step]).sort((a, b) => a - b);
      console.log(
        `  ${step.padEnd(8)} ${seconds(times[times.length >> 1] ?? 0)} (at most ${seconds(times.at(-1) ?? 0)})`,
      );
    }
  }

  /**
   * @param {boolean} withSecrets
   * @param {string} text
   */
  function network(withSecrets, text) {
    const list = secrets.map((name) => `"${name}"`).join(" ");
    const files = withSecrets
      ? `secrets.files = lib.genAttrs names (name: { file = ${sources} + "/\${name}"; user = "app"; });
         environment.etc."app/secrets".text = lib.concatMapStringsSep "\\n" (name: config.secrets.files.\${name}.file) names;`
      : "";
    return `{ lib, ... }: let names = [ ${list} ]; in {
      defaults = { platform = "linux"; configuration = { config, ... }: {
        users.users.app = { isSystemUser = true; group = "app"; };
        users.groups.app = { };
        environment.etc."app/text".text = "${text}";
        ${files}
      }; };
      nodes = lib.genAttrs [ ${names.map((name) => `"${name}"`).join(" ")} ] (name: { host = "root@\${name}"; });
    }`;
  }
} finally {
  await lab.stop();
}

/**
 * Milliseconds of each step of a node.
 *
 * @param {readonly Event[]} events
 */
function stepTimes(events) {
  const at = (/** @type {string} */ wanted) => events.find(({ type }) => type === wanted)?.time;
  const end = at("finished") ?? 0;
  const switched = at("triggering-switcher") ?? end;
  const sending = at("sending-secrets") ?? switched;
  const copying = at("copying-closure") ?? sending;
  return {
    connect: copying - (at("connecting") ?? copying),
    copy: sending - copying,
    secrets: switched - sending,
    switch: end - switched,
  };
}

/** @param {number} milliseconds */
function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
