import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { decrypt, encrypt } from "../../src/deploy/secrets/age/age.ts";
import { loadIdentities } from "../../src/deploy/secrets/age/identities.ts";
import { digestOf, newDigestKey } from "../../src/deploy/secrets/digest.ts";
import { SecretError } from "../../src/deploy/secrets/errors.ts";
import { generateSecret } from "../../src/deploy/secrets/generators.ts";
import { sha512Crypt } from "../../src/deploy/secrets/sha512-crypt.ts";
import { contentProblem, readSource } from "../../src/deploy/secrets/sources.ts";
import type { SecretSource } from "../../src/fleet/modules/secrets/secret.ts";
import { installed } from "./rig/switcher-test.ts";

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "nixus-secrets-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function errorOf(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof SecretError) return error.message;
    throw error;
  }
  throw new Error("expected a SecretError");
}

const context = { env: { ...process.env }, identities: () => loadIdentities([], { HOME: "/nonexistent" }) };
const read = async (source: SecretSource) => Buffer.from(await readSource(source, context)).toString();

describe("digests", () => {
  const owner = { kind: "node", node: "foo", name: "key" } as const;

  it("are the same for the same key, owner and content, and for nothing else", () => {
    const bytes = fc.uint8Array({ maxLength: 64 });
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const key = newDigestKey();
        expect(digestOf(key, owner, a)).toBe(digestOf(key, owner, a));
        expect(digestOf(key, owner, a)).toMatch(/^[0-9a-z]{32}$/);
        expect(digestOf(newDigestKey(), owner, a)).not.toBe(digestOf(key, owner, a));
        expect(digestOf(key, { ...owner, name: "other" }, a)).not.toBe(digestOf(key, owner, a));
        expect(digestOf(key, { kind: "shared", name: "foo/key" }, a)).not.toBe(digestOf(key, owner, a));
        if (!Buffer.from(a).equals(Buffer.from(b))) {
          expect(digestOf(key, owner, b)).not.toBe(digestOf(key, owner, a));
        }
      }),
    );
  });
});

describe("age", () => {
  const plain = Buffer.from("attack at dawn\n");

  it.each([
    ["ed25519", []],
    ["rsa", ["-b", "2048"]],
  ])(
    "encrypts to SSH keys of type %s and decrypts with them, and so does the age program",
    async (type, more) => {
      const at = directory();
      const file = join(at, "id");
      execFileSync("ssh-keygen", ["-q", "-t", type, ...more, "-N", "", "-f", file]);
      const publicKey = readFileSync(`${file}.pub`, "utf8").trim();
      const identities = loadIdentities([file], {});
      const encrypted = await encrypt(plain, [publicKey]);
      expect(Buffer.from(await decrypt(encrypted, identities, "it"))).toEqual(plain);
      expect(await identities.recipient()).toBe(publicKey.split(" ").slice(0, 2).join(" "));
      if (!installed("age")) return;
      expect(execFileSync("age", ["-d", "-i", file], { input: encrypted })).toEqual(plain);
      for (const armor of [[], ["-a"]]) {
        const theirs = execFileSync("age", [...armor, "-r", publicKey], { input: plain });
        expect(Buffer.from(await decrypt(theirs, identities, "it"))).toEqual(plain);
      }
    },
  );

  it("takes identity files of age, and tells whose keys could not decrypt", async () => {
    const at = directory();
    const identity = await generateX25519Identity();
    writeFileSync(join(at, "keys"), `# created: today\n${identity}\n`);
    writeFileSync(join(at, "other"), `${await generateX25519Identity()}\n`);
    const encrypted = await encrypt(plain, [await identityToRecipient(identity)]);
    expect(Buffer.from(await decrypt(encrypted, loadIdentities([join(at, "keys")], {}), "it"))).toEqual(
      plain,
    );
    const others = loadIdentities([join(at, "other")], {});
    expect(await errorOf(() => decrypt(encrypted, others, "'x.age'"))).toContain(
      "'x.age' is not encrypted to any key that is here",
    );
    expect(await errorOf(() => decrypt(encrypted.subarray(0, 50), others, "'x.age'"))).toContain(
      "'x.age' cannot be decrypted",
    );
    const damaged = Uint8Array.from(encrypted);
    damaged[damaged.length - 1]! ^= 1;
    expect(
      await errorOf(() => decrypt(damaged, loadIdentities([join(at, "keys")], {}), "'x.age'")),
    ).toContain("'x.age' cannot be decrypted");
  });

  it("refuses what is no public key", async () => {
    expect(await errorOf(() => encrypt(plain, ["ssh-dss AAAA"]))).toContain("no public key to encrypt to");
  });
});

describe("sources", () => {
  it("are read as they are", async () => {
    const at = directory();
    writeFileSync(join(at, "file"), " line\n\n");
    expect(await read({ type: "file", path: join(at, "file") })).toBe(" line\n\n");
    expect(await read({ type: "command", command: ["printf", "%s", "a b"], directory: at })).toBe("a b");
    expect(await read({ type: "command", command: ["pwd"], directory: at })).toBe(`${at}\n`);
    const env = { NIXUS_TEST_SECRET: "from the environment" };
    const source: SecretSource = { type: "environment", variable: "NIXUS_TEST_SECRET" };
    expect(Buffer.from(await readSource(source, { ...context, env })).toString()).toBe(
      "from the environment",
    );
  });

  it("that cannot be read say why and what to do, and nothing of the content", async () => {
    const at = directory();
    const secret = "do-not-show-me";
    mkdirSync(join(at, "directory"));
    writeFileSync(join(at, "big"), Buffer.alloc(10 * 1024 * 1024, secret));
    execFileSync("mkfifo", [join(at, "fifo")]);
    writeFileSync(join(at, "no.age"), secret);
    writeFileSync(join(at, "printed"), secret);
    const command = (...words: string[]): SecretSource => ({
      type: "command",
      command: words,
      directory: at,
    });
    const cases: [SecretSource, string][] = [
      [{ type: "file", path: join(at, "none") }, "does not exist"],
      [{ type: "file", path: join(at, "directory") }, "is a directory"],
      [{ type: "file", path: join(at, "fifo") }, "is no ordinary file"],
      [{ type: "file", path: join(at, "big") }, "it has 10.0 MiB; a secret may have 1 MiB at most"],
      [command("sh", "-c", "cat printed; cat printed >&2; exit 3"), "ended with status 3; run it by hand"],
      [command("true"), "prints nothing"],
      [command("no-such-program-here"), "the program 'no-such-program-here' is not there"],
      [command("sh", "-c", "cat printed; kill -9 $$"), "was ended by SIGKILL"],
      [command("cat", "big"), "prints more than 1 MiB"],
      [{ type: "environment", variable: "NIXUS_NOT_SET" }, "NIXUS_NOT_SET is not set"],
      [{ type: "age", path: join(at, "no.age") }, "cannot be decrypted|is not encrypted to any key"],
      [
        {
          type: "generated",
          path: join(at, "new.age"),
          generator: { type: "random", length: 43, alphabet: "alphanumeric" },
        },
        "does not exist; run 'nixus secrets generate'",
      ],
    ];
    for (const [source, message] of cases) {
      const said = await errorOf(() => readSource(source, context));
      expect(said).toMatch(new RegExp(message));
      expect(said).not.toContain(secret);
    }
  });

  it.each([
    ["", false, "it is empty"],
    [" \n\t", false, "nothing but white space"],
    [Buffer.from([0]), false, "not text in UTF-8"],
    [Buffer.from([0xff, 0xfe]), false, "not text in UTF-8"],
    [Buffer.alloc(1024 * 1024 + 1, "a"), true, "1 MiB at most"],
    [Buffer.from([0]), true, undefined],
    [Buffer.alloc(1024 * 1024, "a"), false, undefined],
    ["schlüssel", false, undefined],
  ])("content %#", (content, binary, problem) => {
    const found = contentProblem(Buffer.from(content as string), binary);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(problem);
  });
});

describe("programs that the sources need", () => {
  /** A directory of programs that is searched first, for this test alone. */
  function programs(scripts: Record<string, string>): string {
    const at = directory();
    for (const [name, script] of Object.entries(scripts)) {
      writeFileSync(join(at, name), script, { mode: 0o755 });
    }
    vi.stubEnv("PATH", `${at}:${process.env["PATH"]}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    return at;
  }

  // sops itself is in no registry of ours; this has its command line (sops(1): `sops --decrypt --extract PATH FILE`).
  it("sops decrypts the file, or what of it is asked for; what it complains about is not shown", async () => {
    const at = programs({
      sops: `#!/bin/sh
[ "$1" = --decrypt ] || exit 100
shift
if [ "$1" = --extract ]; then wanted=$2; shift 2; fi
[ $# = 1 ] && [ -r "$1" ] || { echo "cannot read do-not-show-me" >&2; exit 100; }
printf '%s of %s' "\${wanted:-all}" "\${1##*/}"
`,
    });
    writeFileSync(join(at, "a.yaml"), "");
    const sops = async (path: string, key: string | null) =>
      Buffer.from(await readSource({ type: "sops", path, key }, context)).toString();
    expect(await sops(join(at, "a.yaml"), null)).toBe("all of a.yaml");
    expect(await sops(join(at, "a.yaml"), '["db"]["password"]')).toBe('["db"]["password"] of a.yaml');
    const said = await errorOf(() => sops(join(at, "none.yaml"), null));
    expect(said).toMatch(/^the command 'sops --decrypt .*none\.yaml' ended with status 100; run it by hand/);
    expect(said).not.toContain("do-not-show-me");
    vi.stubEnv("PATH", join(at, "nothing"));
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await errorOf(() => sops(join(at, "a.yaml"), null))).toBe(
      "the program 'sops' is not there; install it",
    );
  });

  it("an SSH key with a passphrase needs the age program, which is said where there is none", async () => {
    const at = directory();
    const file = join(at, "id");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "correct horse", "-f", file]);
    const publicKey = readFileSync(`${file}.pub`, "utf8").trim();
    const identities = loadIdentities([file], {});
    expect(identities).toMatchObject({ own: [], forProgram: [file] });
    const encrypted = await encrypt(Buffer.from("x"), [publicKey]);
    vi.stubEnv("PATH", at);
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await errorOf(() => decrypt(encrypted, identities, "'x.age'"))).toBe(
      "'x.age' cannot be decrypted: the key needs the program age (a plugin, or an SSH key with a passphrase), which is not installed",
    );
  });

  it.runIf(installed("age"))("plugins of age, which the age program runs", async () => {
    // Speaks the protocol of plugins (C2SP, age-plugin.md), and wraps file keys in nothing but base64.
    const at = programs({
      "age-plugin-test": `#!/bin/sh
read_stanza() { IFS= read -r head || exit 0; IFS= read -r body; }
done_phase() { printf -- '-> done\n\n'; }
case $1 in
--age-plugin=recipient-v1)
  key=
  while read_stanza; do
    case $head in "-> wrap-file-key") key=$body ;; "-> done") break ;; esac
  done
  printf -- '-> recipient-stanza 0 test\n%s\n' "$key"
  read_stanza
  done_phase
  ;;
--age-plugin=identity-v1)
  key=
  while read_stanza; do
    case $head in "-> recipient-stanza 0 test"*) key=$body ;; "-> done") break ;; esac
  done
  if [ -n "$key" ]; then
    printf -- '-> file-key 0\n%s\n' "$key"
    read_stanza
  fi
  done_phase
  ;;
esac
`,
    });
    const recipient = bech32("age1test", Buffer.from("recipient"));
    writeFileSync(
      join(at, "identity"),
      `${bech32("age-plugin-test-", Buffer.from("identity")).toUpperCase()}\n`,
    );
    const encrypted = await encrypt(Buffer.from("through a plugin"), [recipient]);
    const identities = loadIdentities([join(at, "identity")], {});
    expect(identities).toMatchObject({ own: [], forProgram: [join(at, "identity")] });
    expect(Buffer.from(await decrypt(encrypted, identities, "'x.age'")).toString()).toBe("through a plugin");
  });
});

/** BIP 173, without its limit of 90 characters, as age writes keys. */
function bech32(prefix: string, data: Uint8Array): string {
  const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  const bits = [...data].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const words = (bits.match(/.{1,5}/g) ?? []).map((word) => Number.parseInt(word.padEnd(5, "0"), 2));
  const letters = [...prefix].map((letter) => letter.charCodeAt(0));
  const expanded = [...letters.map((code) => code >> 5), 0, ...letters.map((code) => code & 31), ...words];
  let sum = 1;
  for (const word of [...expanded, 0, 0, 0, 0, 0, 0]) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ word;
    generators.forEach((generator, index) => {
      if ((top >> index) & 1) sum ^= generator;
    });
  }
  const check = [25, 20, 15, 10, 5, 0].map((shift) => ((sum ^ 1) >> shift) & 31);
  return `${prefix}1${[...words, ...check].map((word) => alphabet[word]).join("")}`;
}

describe("generated", () => {
  const ask = { label: "foo/key", askPassword: async () => "correct horse" };
  const random = { type: "random", length: 43, alphabet: "alphanumeric" } as const;

  it("random characters", async () => {
    const { content } = await generateSecret(random, ask);
    expect(Buffer.from(content).toString()).toMatch(/^[A-Za-z0-9]{43}$/);
    const hexadecimal = await generateSecret({ ...random, alphabet: "hexadecimal", length: 33 }, ask);
    expect(Buffer.from(hexadecimal.content).toString()).toMatch(/^[0-9a-f]{33}$/);
    const base64 = await generateSecret({ ...random, alphabet: "base64", length: 32 }, ask);
    expect(Buffer.from(Buffer.from(base64.content).toString(), "base64")).toHaveLength(32);
    expect((await generateSecret(random, ask)).content).not.toEqual(content);
  });

  it("SSH keys that ssh-keygen takes", async () => {
    const { content, publicKey } = await generateSecret({ ...random, type: "ssh" }, ask);
    const file = join(directory(), "id");
    writeFileSync(file, content, { mode: 0o600 });
    expect(execFileSync("ssh-keygen", ["-y", "-f", file]).toString().trim()).toBe(publicKey);
    expect(publicKey).toMatch(/ foo\/key$/);
  });

  it.runIf(installed("wg"))("WireGuard keys of which wg computes the same public key", async () => {
    const { content, publicKey } = await generateSecret({ ...random, type: "wireguard" }, ask);
    expect(execFileSync("wg", ["pubkey"], { input: content }).toString().trim()).toBe(publicKey);
  });

  it("WireGuard keys as RFC 7748 computes public keys", async () => {
    const { content, publicKey } = await generateSecret({ ...random, type: "wireguard" }, ask);
    const key = Buffer.from(Buffer.from(content).toString(), "base64");
    expect(key).toHaveLength(32);
    expect([key[0]! & 7, key[31]! & 192]).toEqual([0, 64]);
    expect(Buffer.from(publicKey ?? "", "base64")).toHaveLength(32);
  });

  // From "Unix crypt using SHA-256 and SHA-512", version 0.6.
  it.each([
    [
      "Hello world!",
      "saltstringsaltst",
      10000,
      "OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
    ],
    [
      "This is just a test",
      "toolongsaltstrin",
      5000,
      "lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0",
    ],
    [
      "we have a short salt string but not a short password",
      "short",
      77777,
      "WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0",
    ],
  ])("hashes of passwords: %s", (password, salt, rounds, hash) => {
    expect(sha512Crypt(password, salt, rounds)).toBe(`$6$rounds=${rounds}$${salt}$${hash}`);
  });
});
