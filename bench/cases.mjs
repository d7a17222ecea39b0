// What is evaluated.

import { createHash } from "node:crypto";
import { join } from "node:path";

/**
 * @typedef {{ nixpkgs: string | undefined, nixpkgsLib: string | undefined }} Paths
 * @typedef {{
 *   name: string,
 *   needs: readonly (keyof Paths)[],
 *   args: readonly string[],
 *   expression: (paths: Paths) => string,
 *   ours?: (paths: Paths) => string,
 *   atMost?: number,
 *   network?: (paths: Paths) => Network,
 *   again?: "unchanged" | "changed" | "changed again",
 * }} Case `ours`: what Nixus evaluates, where that is not the same text; `atMost`: no more runs than this, of what takes
 *   minutes; `network`: Nixus evaluates the nodes of this network instead; `again`: when it has done so before, and
 *   nothing has changed or one node's file
 *
 * @typedef {Readonly<Record<string, string>>} Files their texts by name
 * @typedef {{ files: Files, change: (time: number) => Files }} Network its files, and those that change each time
 */

/**
 * The configuration of a server; servers of different numbers differ as those of one fleet do.
 *
 * @param {number} number
 */
function configuration(number) {
  return `{
    boot.loader.grub.device = "/dev/vda";
    fileSystems."/".device = "/dev/vda1";
    networking.hostName = "server${number}";
    services.openssh.enable = true;
    services.nginx.enable = true;
    services.nginx.virtualHosts."server${number}.example.org".root = "/var/www";
  }`;
}

/**
 * @param {Paths} paths
 * @param {number} count
 */
function systems({ nixpkgs }, count) {
  const paths = Array.from({ length: count }, (_, number) => {
    const system = `import ${nixpkgs}/nixos { system = "x86_64-linux"; configuration = ${configuration(number)}; }`;
    return `(${system}).system.drvPath`;
  });
  return `[ ${paths.map((path) => `(${path})`).join(" ")} ]`;
}

const structure = join(import.meta.dirname, "network/structure.nix");

/**
 * The module structure of a network, by nixpkgs' lib in Nix and by our own in Nixus.
 *
 * @param {number} nodes
 * @returns {Case}
 */
function moduleStructure(nodes) {
  const expression = (/** @type {string} */ lib) =>
    `import ${structure} { lib = ${lib}; nodes = ${nodes}; records = 500; }`;
  return {
    name: `modules of a network, ${nodes} nodes`,
    needs: ["nixpkgsLib"],
    args: [],
    expression: ({ nixpkgsLib }) => expression(`import ${nixpkgsLib}`),
    ours: () => expression("import <nixus/lib>"),
  };
}

/**
 * The same machines as nodes of one network, a file each. (Their derivations are not those of {@link systems}: Nixus adds
 * modules of its own.)
 *
 * @param {Paths} paths
 * @param {number} count
 * @returns {Network}
 */
function network({ nixpkgs }, count) {
  const numbers = Array.from({ length: count }, (_, number) => number);
  const nodes = numbers.map((number) => `nodes.server${number}.configuration = ./server${number}.nix;`);
  const machines = numbers.map((number) => [`server${number}.nix`, configuration(number)]);
  return {
    files: {
      ...Object.fromEntries(machines),
      "network.nix": `{ defaults.nixpkgs = ${nixpkgs}; ${nodes.join("\n")} }`,
    },
    change: (time) => ({
      "server3.nix": `${configuration(3)} // { services.nginx.clientMaxBodySize = "${20 + time}m"; }`,
    }),
  };
}

/**
 * The same machines, each of which may log in on the next one. So each reads the configuration of another one.
 *
 * @param {Paths} paths
 * @param {number} count
 * @returns {Network}
 */
function networkWithAccess(paths, count) {
  const { files, change } = network(paths, count);
  const access = Array.from(
    { length: count },
    (_, number) => `server${number} = {
      hostKeys.ed25519 = "${publicKey(`host ${number}`)}";
      keys.root.publicKey = "${publicKey(`root ${number}`)}";
      keys.root.hasAccessTo.server${(number + 1) % count}.root = true;
    };`,
  );
  return {
    files: {
      ...files,
      "machines.nix": files["network.nix"] ?? "",
      "network.nix": `{ imports = [ ./machines.nix ]; ssh.access = { ${access.join("\n")} }; }`,
    },
    change,
  };
}

/**
 * Nobody has the private one.
 *
 * @param {string} of
 */
function publicKey(of) {
  const type = "ssh-ed25519";
  const fields = [Buffer.from(type), createHash("sha256").update(of).digest()];
  const blob = fields.flatMap((field) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    return [length, field];
  });
  return `${type} ${Buffer.concat(blob).toString("base64")}`;
}

/** @type {readonly Case[]} */
export const cases = [
  { name: "start-up: 1+1", needs: [], args: [], expression: () => "1+1" },
  {
    name: "tests of nixpkgs' lib",
    needs: ["nixpkgs"],
    args: [],
    expression: ({ nixpkgs }) => `import ${nixpkgs}/lib/tests/misc.nix`,
  },
  {
    name: "tests of a recent lib",
    needs: ["nixpkgsLib"],
    args: [],
    expression: ({ nixpkgsLib }) => `import ${nixpkgsLib}/tests/misc.nix`,
  },
  {
    name: "hello.drvPath",
    needs: ["nixpkgs"],
    args: [],
    expression: ({ nixpkgs }) =>
      `(import ${nixpkgs} { system = "x86_64-linux"; config = { }; overlays = [ ]; }).hello.drvPath`,
  },
  ...[1, 4, 16].map((count) => ({
    name: count === 1 ? "1 NixOS system" : `${count} NixOS systems`,
    needs: /** @type {const} */ (["nixpkgs"]),
    args: [],
    expression: (/** @type {Paths} */ paths) => systems(paths, count),
    atMost: count === 1 ? Number.POSITIVE_INFINITY : 1,
  })),
  moduleStructure(200),
  moduleStructure(1000),
  ...[
    { name: "a network of 16 NixOS nodes", again: undefined, of: network },
    { name: "a network of 16, again", again: /** @type {const} */ ("unchanged"), of: network },
    { name: "a network of 16, one changed", again: /** @type {const} */ ("changed"), of: network },
    { name: "the same one changed again", again: /** @type {const} */ ("changed again"), of: network },
    { name: "16 nodes with ssh.access", again: undefined, of: networkWithAccess },
  ].map(({ name, again, of }) => ({
    name,
    needs: /** @type {const} */ (["nixpkgs"]),
    args: [],
    expression: (/** @type {Paths} */ paths) => systems(paths, 16),
    network: (/** @type {Paths} */ paths) => of(paths, 16),
    ...(again === undefined ? {} : { again }),
    atMost: 1,
  })),
];
