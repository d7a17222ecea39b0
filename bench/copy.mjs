// What copying a large closure costs the deployer: from its store to a machine in a container, over SSH (root;
// test/machines/lib). The first deployment copies it, the second changes something small of the same system.
//
//   node bench/copy.mjs [--mebibytes 2048] [--paths 32]

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { ensureLabLibrary, ensureProgram } from "../scripts/setup/build.mjs";
import { project } from "../scripts/setup/project.mjs";

const { values } = parseArgs({
  options: { mebibytes: { type: "string", default: "2048" }, paths: { type: "string", default: "32" } },
});
const size = Math.ceil(Number(values.mebibytes) / Number(values.paths));
const nixConf = "build-users-group =\nsandbox = false\nsubstituters =\n";

await ensureProgram();
await ensureLabLibrary();
const { Lab } = await import(pathToFileURL(join(project, "dist-test/lab.js")).href);
const lab = await Lab.start({
  machines: [{ name: "foo.example.com", files: { "/etc/nix/nix.conf": nixConf } }],
});
try {
  for (const part of ["store", "var/nix"]) mkdirSync(join(lab.home, "nix", part), { recursive: true });
  await lab.machine().exec(`
    mkdir -p /tmp/first/bin
    printf '#!/bin/sh\\n' >/tmp/first/bin/switch-to-configuration
    chmod 755 /tmp/first/bin/switch-to-configuration
    nix-env --profile /nix/var/nix/profiles/system --set "$(nix-store --add /tmp/first)"
    ln -sfn "$(readlink -f /nix/var/nix/profiles/system)" /run/current-system
  `);
  await nixus("first", "build");
  report("copy and switch", await nixus("first", "deploy"));
  report("a small change", await nixus("second", "deploy"));
} finally {
  await lab.stop();
}

/**
 * @param {string} text
 * @param {"build" | "deploy"} command
 * @returns {Promise<{ seconds: number, memory: number, copied: number }>} `copied` in MiB
 */
async function nixus(text, command) {
  const file = join(lab.home, "network.nix");
  writeFileSync(file, network(text));
  const peak = join(lab.home, "peak");
  const inLab = 'mount --bind "$1" /nix && shift && exec "$@"';
  const begun = performance.now();
  const { exitCode, stdout, stderr } = await lab.run(
    [
      ...["unshare", "--mount", "/bin/sh", "-c", inLab, "sh", join(lab.home, "nix"), process.execPath],
      ...["--import", pathToFileURL(join(project, "bench/peak-memory.mjs")).href],
      ...[join(project, "dist/cli/main.js"), command, "--json", "-f", file],
    ],
    { cwd: lab.home, timeout: 1_200_000, env: { NIX_CONFIG: nixConf, NIXUS_BENCH_PEAK: peak } },
  );
  if (exitCode !== 0)
    throw new Error(`nixus ${command} failed:\n${stdout.slice(-2000)}${stderr.slice(-2000)}`);
  const sizes = [...stdout.matchAll(/"type":"copying-paths",.*"size":(\d+)/g)].map(([, bytes]) =>
    Number(bytes),
  );
  return {
    seconds: (performance.now() - begun) / 1000,
    memory: Number(readFileSync(peak, "utf8")),
    copied: sizes.reduce((sum, bytes) => sum + bytes, 0) / 1024 ** 2,
  };
}

/**
 * @param {string} title
 * @param {{ seconds: number, memory: number, copied: number }} measured
 */
function report(title, { seconds, memory, copied }) {
  console.log(
    `${title}: ${copied.toFixed(0)} MiB in ${seconds.toFixed(0)} s, peak of the deployer ${memory} MiB`,
  );
}

/** @param {string} text */
function network(text) {
  const packages = Array.from({ length: Number(values.paths) }, (_, index) => {
    const script = `yes ${index} | head -c ${size}M > "$out"`;
    return `(pkgs.runCommand "part-${index}" { } ''${script}'')`;
  });
  return `{
    nodes.foo = {
      host = "root@foo.example.com";
      nixpkgs = ${join(project, "test/fixtures/nixpkgs")};
      switchTimeout = 600;
      configuration = { pkgs, ... }: {
        environment.etc.text.text = "${text}";
        environment.systemPackages = [ ${packages.join(" ")} ];
      };
    };
  }`;
}
