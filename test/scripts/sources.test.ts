import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { debianSources } from "../../scripts/setup/sources.mjs";

let apt: string;
beforeEach(() => {
  apt = mkdtempSync(join(tmpdir(), "nixus-apt-"));
  mkdirSync(join(apt, "sources.list.d"));
});
afterEach(() => rmSync(apt, { recursive: true }));

test("takes the archives of the suite from both formats, without other people's", () => {
  writeFileSync(
    join(apt, "sources.list"),
    `# deb http://commented.invalid/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] http://mirror.invalid/debian bookworm main contrib # main
deb-src http://mirror.invalid/debian bookworm main
deb http://other.invalid/linux bookworm stable
`,
  );
  writeFileSync(
    join(apt, "sources.list.d/debian.sources"),
    `Types: deb deb-src
# a comment
URIs: http://mirror.invalid/security
Suites: bookworm-security
 bookworm-backports
Components: main
Signed-By: /usr/share/keyrings/debian.gpg

Types: deb
URIs: http://disabled.invalid/
Suites: bookworm
Components: main
Enabled: no
`,
  );
  writeFileSync(join(apt, "sources.list.d/off.list.disabled"), "deb http://off.invalid/ bookworm main\n");
  expect(debianSources("bookworm", apt)).toEqual([
    "deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] http://mirror.invalid/debian bookworm main",
    "deb [signed-by=/usr/share/keyrings/debian.gpg] http://mirror.invalid/security bookworm-security main",
  ]);
});

test("has none on another release, or without apt", () => {
  writeFileSync(join(apt, "sources.list"), "deb http://mirror.invalid/debian trixie main\n");
  expect(debianSources("bookworm", apt)).toEqual([]);
  expect(debianSources("bookworm", join(apt, "missing"))).toEqual([]);
});
