import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { parseFlakeRef } from "../../../src/lang/fetch/flake-ref.ts";
import { type ForgeName, forges } from "../../../src/lang/fetch/forge.ts";
import { scratchDirectory } from "../../store/installed-nix.ts";
import { storeLab } from "../builtins/store-lab.ts";
import { hasProgram, tar } from "./archives.ts";

const rev = "0123456789abcdef0123456789abcdef01234567";
const other = "f".repeat(40);

function asked(text: string, answers: Readonly<Record<string, string>>, ref = "HEAD") {
  const { input } = parseFlakeRef(text);
  const forge = forges[String(input.get("type")) as ForgeName];
  const download = (url: string) => {
    const answer = answers[url];
    if (answer === undefined) throw new Error(`asked for ${url}`);
    return Buffer.from(answer);
  };
  return { archive: forge.archive(input, rev), revision: () => forge.revision(input, ref, download) };
}

describe("the URLs of forges", () => {
  test.each([
    [
      "github:o/r",
      `https://github.com/o/r/archive/${rev}.tar.gz`,
      "https://api.github.com/repos/o/r/commits/HEAD",
    ],
    [
      "github:o/r?host=h.org",
      `https://h.org/api/v3/repos/o/r/tarball/${rev}`,
      "https://h.org/api/v3/repos/o/r/commits/HEAD",
    ],
  ])("%s", (text, archive, commit) => {
    const here = asked(text, { [commit]: JSON.stringify({ sha: rev, commit: {} }) });
    expect([here.archive, here.revision()]).toEqual([archive, rev]);
    expect(asked(text, { [commit]: "{}" }).revision).toThrow("does not name a commit");
    expect(asked(text, { [commit]: "<html>" }).revision).toThrow("is not JSON");
  });

  test("gitlab", () => {
    const base = "https://gitlab.com/api/v4/projects/g%2Fs%2Fr/repository";
    const url = `${base}/commits?ref_name=HEAD`;
    const here = asked("gitlab:g%2Fs/r", { [url]: JSON.stringify([{ id: rev }, { id: other }]) });
    expect([here.archive, here.revision()]).toEqual([`${base}/archive.tar.gz?sha=${rev}`, rev]);
    expect(asked("gitlab:g%2Fs/r", { [url]: "[]" }).revision).toThrow("no commits at");
  });

  test("sourcehut", () => {
    const base = "https://git.sr.ht/~u/r";
    const refs = `${other}\trefs/heads/old\n${rev}\trefs/heads/main\n${other}\trefs/tags/v1\n`;
    const answers = { [`${base}/HEAD`]: "ref: refs/heads/main\n", [`${base}/info/refs`]: refs };
    expect(asked("sourcehut:~u/r", answers).archive).toBe(`${base}/archive/${rev}.tar.gz`);
    expect(asked("sourcehut:~u/r", answers).revision()).toBe(rev);
    expect(asked("sourcehut:~u/r", answers, "v1").revision()).toBe(other);
    expect(asked("sourcehut:~u/r", answers, "none").revision).toThrow("there is no branch or tag 'none'");
  });
});

const serverScript = `
const fs = require("node:fs"), https = require("node:https");
const [directory] = process.argv.slice(1);
const answers = JSON.parse(fs.readFileSync(directory + "/answers.json"));
const options = { key: fs.readFileSync(directory + "/key"), cert: fs.readFileSync(directory + "/cert") };
const server = https.createServer(options, (request, response) => {
  const file = answers["https://" + request.headers.host + request.url];
  if (file === undefined) return response.writeHead(404).end();
  response.end(fs.readFileSync(directory + "/" + file));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;

test.skipIf(!hasProgram("curl") || !hasProgram("openssl"))("trees of forges, over HTTPS", async () => {
  using scratch = scratchDirectory();
  const files = join(scratch.path, "served");
  mkdirSync(files);
  const archive = tar([
    { name: `r-${rev}/flake.nix`, contents: "{ outputs = { self }: { inherit (self) rev; }; }" },
  ]);
  writeFileSync(join(files, "archive"), gzipSync(archive));
  writeFileSync(join(files, "commit"), JSON.stringify({ sha: rev }));
  writeFileSync(join(files, "commits"), JSON.stringify([{ id: rev }]));
  writeFileSync(join(files, "HEAD"), "ref: refs/heads/main");
  writeFileSync(join(files, "refs"), `${rev}\trefs/heads/main\n`);
  const answers = {
    "https://hub.test/api/v3/repos/o/r/commits/HEAD": "commit",
    [`https://hub.test/api/v3/repos/o/r/tarball/${rev}`]: "archive",
    "https://lab.test/api/v4/projects/o%2Fr/repository/commits?ref_name=dev": "commits",
    [`https://lab.test/api/v4/projects/o%2Fr/repository/archive.tar.gz?sha=${rev}`]: "archive",
    "https://hut.test/~o/r/HEAD": "HEAD",
    "https://hut.test/~o/r/info/refs": "refs",
    [`https://hut.test/~o/r/archive/${rev}.tar.gz`]: "archive",
  };
  writeFileSync(join(files, "answers.json"), JSON.stringify(answers));
  const names = "subjectAltName=DNS:hub.test,DNS:lab.test,DNS:hut.test";
  const request = [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=test",
    "-addext",
    names,
  ];
  execFileSync("openssl", [...request, "-keyout", join(files, "key"), "-out", join(files, "cert")], {
    stdio: "ignore",
  });
  const server = spawn(process.execPath, ["-e", serverScript, files], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [port] = (await once(server.stdout, "data")) as [Buffer];
    // curl goes where its user's settings say, and so do we.
    const settings = `connect-to = "::127.0.0.1:${port.toString().trim()}"\ncacert = "${files}/cert"\n`;
    writeFileSync(join(scratch.path, ".curlrc"), settings);
    const here = storeLab({
      env: { PATH: process.env["PATH"], HOME: scratch.path, XDG_CACHE_HOME: join(scratch.path, "cache") },
    });
    const refs = ["github:o/r?host=hub.test", "gitlab:o/r/dev?host=lab.test", "sourcehut:~o/r?host=hut.test"];
    for (const ref of refs) {
      expect(here.print(`let x = builtins.fetchTree "${ref}"; in [ x.rev x.shortRev x.lastModified ]`)).toBe(
        `[ "${rev}" "0123456" 0 ]`,
      );
      expect(here.print(`(builtins.getFlake "${ref}").rev`)).toBe(`"${rev}"`);
    }
    const failed = here.fail('builtins.fetchTree "github:o/none?host=hub.test"');
    expect(failed.message).toContain(
      "unable to download 'https://hub.test/api/v3/repos/o/none/commits/HEAD': ",
    );
  } finally {
    server.kill();
    await once(server, "exit");
  }
});
