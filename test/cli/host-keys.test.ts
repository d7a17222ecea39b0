import { describe, expect, it } from "vitest";
import { fingerprints, hostKeysNix } from "../../src/cli/render/host-keys.ts";
import { optionValue } from "../fleet/network-of.ts";

const key = (type: string, base64: string) => ({
  type,
  publicKey: `${type} ${base64}`,
  fingerprint: `SHA256:${base64}`,
});
const keys = [key("ssh-ed25519", "AAAA"), key("ecdsa-sha2-nistp256", "BBBB"), key("ssh-rsa", "CCCC")];

describe("host keys", () => {
  it("are Nix that can be pasted, whatever the node is called", () => {
    for (const node of ["foo", "foo.example.com", "1"]) {
      const nix = hostKeysNix(node, keys);
      const value = optionValue(`{ nodes."${node}" = { }; ${nix} }`, `ssh.access."${node}".hostKeys`);
      expect(value).toEqual({
        ed25519: "ssh-ed25519 AAAA",
        ecdsa: "ecdsa-sha2-nistp256 BBBB",
        rsa: "ssh-rsa CCCC",
      });
    }
  });

  it("are compared with those that the network has", () => {
    expect(fingerprints(keys, { main: "ssh-ed25519 AAAA root@foo", old: "ssh-rsa DDDD" })).toBe(
      `SHA256:AAAA (ssh-ed25519): the network's hostKeys.main
SHA256:BBBB (ecdsa-sha2-nistp256): not in the network
SHA256:CCCC (ssh-rsa): DIFFERS from the network's hostKeys.old`,
    );
  });
});
