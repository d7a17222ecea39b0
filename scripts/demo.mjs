// `npm run demo`: a real machine (a container with its own systemd, sshd and Nix) is deployed over SSH, then broken
// in four ways, and puts itself back each time. Ends with 0 only if everything that it claims was seen to be true.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { project } from "./setup/project.mjs";
import { SetupError } from "./setup/step.mjs";
import { setUpMachines, setUpProgram } from "./setup.mjs";

const host = "foo.example.com";
const greeting = "Hello from foo!";
const rolledBack = "Failed to activate new system! Rolled back to previous one";

const breakages = [
  { file: "network.nix", title: "A configuration with a wrong network address" },
  { file: "ssh-key.nix", title: "A configuration that locks the deployer's SSH key out" },
  { file: "activation-fails.nix", title: "A configuration whose activation fails" },
  { file: "activation-hangs.nix", title: "A configuration whose activation never ends" },
];

/** @typedef {import("../test/machines/lib/index.ts").Lab} Lab */

class DemoError extends Error {}

/** @param {unknown} condition @param {string} claim */
function prove(condition, claim) {
  console.log(`  ${condition ? "✓" : "✗"} ${claim}`);
  if (!condition) throw new DemoError(`not true: ${claim}`);
}

/** @param {string} title */
function heading(title) {
  console.log(`\n── ${title} ${"─".repeat(Math.max(3, 90 - title.length))}`);
}

try {
  await setUpProgram();
  const problem = await setUpMachines();
  if (problem !== undefined) throw new SetupError(problem);
  await demo();
} catch (error) {
  if (!(error instanceof SetupError || error instanceof DemoError)) throw error;
  console.error(`\nerror: ${error.message}`);
  process.exitCode = 1;
}

async function demo() {
  const { Lab } = await import(pathToFileURL(join(project, "dist-test/lab.js")).href);
  const started = performance.now();
  heading(`Starting ${host}: a Debian machine with systemd, sshd and Nix`);
  const lab = await Lab.start({ machines: [{ name: host }] });
  const interrupted = () => {
    void lab.stop().finally(() => process.exit(130));
  };
  process.once("SIGINT", interrupted);
  process.once("SIGTERM", interrupted);
  try {
    await deployments(lab);
  } finally {
    process.off("SIGINT", interrupted);
    process.off("SIGTERM", interrupted);
    await lab.stop();
  }
  console.log(`\nAll of it was true, in ${((performance.now() - started) / 1000).toFixed(0)} s.`);
}

/** @param {Lab} lab */
async function deployments(lab) {
  const machine = lab.machine(host);
  console.log(`  ${host} is up; the only way in is ssh root@${host}`);

  heading("A good configuration");
  console.log(
    readFileSync(join(project, "examples/hello/default.nix"), "utf8").trimEnd().replaceAll(/^/gm, "  │ "),
  );
  const good = await deploy(lab, "examples/hello");
  prove(good.exitCode === 0, "nixus deploy ended with 0");
  prove((await page(lab)) === greeting, `http://${host}/ answers "${greeting}"`);
  const first = await currentSystem(machine);
  prove(first !== "", `the machine runs ${first}`);

  for (const { file, title } of breakages) {
    heading(title);
    const { exitCode, stdout } = await deploy(lab, `examples/hello/broken/${file}`);
    prove(exitCode !== 0, `nixus deploy ended with ${exitCode}`);
    prove(stdout.includes(`[${host}] ${rolledBack}`), "it says that the machine was rolled back");
    const login = await lab.run(["ssh", `root@${host}`, "true"], { timeout: 20_000 });
    prove(login.exitCode === 0, `ssh root@${host} works`);
    prove((await currentSystem(machine)) === first, "the machine runs the first system");
    prove((await page(lab)) === greeting, `http://${host}/ still answers "${greeting}"`);
  }

  heading("The power is cut");
  await machine.powerCut();
  await machine.powerOn();
  await machine.waitForBoot();
  await machine.waitForSsh();
  prove((await currentSystem(machine)) === first, "it boots the first system");
  prove((await page(lab)) === greeting, `http://${host}/ answers "${greeting}"`);
}

/**
 * Shows the command and its output as a person would see them.
 * @param {Lab} lab
 * @param {string} file
 */
async function deploy(lab, file) {
  console.log(`\n$ nixus deploy -f ${file}`);
  const program = join(project, "dist/cli/main.js");
  return lab.spawn([process.execPath, program, "deploy", "-f", file], {
    cwd: project,
    timeout: 120_000,
    onOutput: (text) => process.stdout.write(text),
  }).done;
}

/** @param {import("../test/machines/lib/index.ts").Machine} machine */
async function currentSystem(machine) {
  return (await machine.exec("readlink /run/current-system || true")).stdout.trim();
}

/**
 * What the machine's web page says, asked for from the deployer's side of the network.
 * @param {Lab} lab
 */
async function page(lab) {
  const program = `
    const deadline = Date.now() + 10_000;
    for (;;) {
      try {
        const response = await fetch("http://${host}/");
        process.stdout.write(await response.text());
        break;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }`;
  const { stdout } = await lab.run([process.execPath, "--input-type=module", "-e", program], {
    timeout: 15_000,
  });
  return stdout.trim();
}
