/** `programs.ssh.knownHosts`: the file has the text that NixOS gives it. */
import { expect, it } from "vitest";
import { readKnownHosts } from "../../../src/fleet/platforms/linux/read/known-hosts.ts";
import { Reader } from "../../../src/fleet/reader.ts";
import { messageOf, networkOf } from "../network-of.ts";

function fileOf(knownHosts: string, files: Readonly<Record<string, string>> = {}) {
  const { network, evaluator } = networkOf({
    ...files,
    "default.nix": `{
      nodes.a = { platform = "linux"; configuration.programs.ssh.knownHosts = { ${knownHosts} }; };
    }`,
  });
  const reader = new Reader(evaluator);
  return readKnownHosts(reader, reader.attrs(reader.at(network.node("a"), "configuration")));
}

const textOf = (knownHosts: string, files?: Readonly<Record<string, string>>) => {
  const contents = fileOf(knownHosts, files)?.contents;
  return contents?.type === "text" ? contents.text.text : undefined;
};

it("has a line for each host, in the order of their names", () => {
  expect(
    textOf(`
      b = { publicKey = "ssh-ed25519 B"; extraHostNames = [ "b.example.com" "192.0.2.2" ]; };
      a.publicKey = "ssh-ed25519 A";
      c = { hostNames = [ "*.example.com" ]; extraHostNames = [ "unused" ]; publicKey = "ssh-rsa C"; certAuthority = true; };
    `),
  ).toBe(
    "a ssh-ed25519 A\nb,b.example.com,192.0.2.2 ssh-ed25519 B\n@cert-authority *.example.com ssh-rsa C\n",
  );
});

it("reads files, whose last line end stays", () => {
  expect(textOf(`a.publicKeyFile = ./a.pub; b.publicKey = "ssh-rsa B";`, { "a.pub": "ssh-rsa A\n" })).toBe(
    "a ssh-rsa A\n\nb ssh-rsa B\n",
  );
});

it("leaves the machine's own file alone when no host is known", () => {
  expect(fileOf("")).toBeNull();
  expect(fileOf(`a.publicKey = "ssh-rsa A";`)).toMatchObject({
    path: "ssh/ssh_known_hosts",
    mode: { type: "symlink" },
  });
});

it.each([
  ["a = { };", `'programs.ssh.knownHosts."a"': set one of 'publicKey' and 'publicKeyFile'`],
  [
    'a = { publicKey = "x"; publicKeyFile = ./default.nix; };',
    `'programs.ssh.knownHosts."a"': set one of 'publicKey' and 'publicKeyFile'`,
  ],
  [
    'a = { publicKey = "x"; hostNames = [ ]; };',
    `'programs.ssh.knownHosts."a".hostNames' is empty; give the host a name`,
  ],
])("refuses %s", (knownHosts, message) => {
  expect(messageOf(() => fileOf(knownHosts))).toBe(message);
});
