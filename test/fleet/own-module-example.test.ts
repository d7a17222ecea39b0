import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { runRequest } from "../../src/cli/evaluation/run.ts";

const root = resolve(import.meta.dirname, "../..");
const example = (file: string) => join(root, "examples/own-module", file);

function networkOf(file: string) {
  const result = runRequest({ kind: "network", file: example(file), nodes: undefined }, {}, () => {});
  if (result.kind !== "network") throw new Error("not a network");
  return result.network;
}

function readValue(file: string, path: string): unknown {
  const read = runRequest({ kind: "value", file: example(file), path, format: "json" }, {}, () => {});
  return read.kind === "value" ? JSON.parse(read.text) : undefined;
}

describe.each(["default.nix", "typescript.nix"])("examples/own-module/%s", (file) => {
  it("configures every machine that has a part in a backup", () => {
    const option = (path: string) => readValue(file, `nodes.${path}`);
    expect(option("mail.configuration.systemd.services.backup.startAt")).toEqual(["hourly"]);
    expect(option("web.configuration.systemd.services.backup.script")).toContain(
      "tar -C / -cz var/www etc/ssl |\n  ssh -o BatchMode=yes -i /root/.ssh/backup backup-web@store\n",
    );
    expect(option("store.configuration.systemd.services.prune-backup-mail.script")).toContain("-mtime +90 ");
    expect(Object.keys(option("store.configuration.users.groups") as object)).toEqual([
      "backup-mail",
      "backup-web",
    ]);
    expect(option("store.configuration.users.users.backup-web.openssh.authorizedKeys.keys")).toEqual([
      expect.stringMatching(/^command="umask 077; cat >.*",restrict ssh-ed25519 /),
    ]);
    expect(Object.keys(option("web.configuration.programs.ssh.knownHosts") as object)).toEqual([
      "store/ed25519",
    ]);
  });
});

it("in both languages the systems are the same", () => {
  const systems = (file: string) =>
    networkOf(file).nodes.map((node) => [node.name, "toplevel" in node ? node.toplevel : node]);
  expect(systems("typescript.nix")).toEqual(systems("default.nix"));
  expect(systems("default.nix").map(([name]) => name)).toEqual(["mail", "store", "web"]);
});
