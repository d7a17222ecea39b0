/** The script that gives zones their serials, as the unit runs it; under every shell that a machine may have. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";

const script = resolve(import.meta.dirname, "../../../../src/fleet/modules/dns/target/serials.sh");
const shells = ["/bin/bash", "/bin/dash", "/bin/busybox sh"].filter(
  (shell) => spawnSync(shell.split(" ")[0]!, [...shell.split(" ").slice(1), "-c", ":"]).status === 0,
);

interface Run {
  readonly status: number | null;
  readonly output: string;
}

/** Reads the script, with a state directory of the test's own, and runs the commands. */
function run(shell: string, directory: string, commands: string, path = "/usr/bin:/bin"): Run {
  const [program = "", ...args] = shell.split(" ");
  const { status, stdout, stderr } = spawnSync(
    program,
    [...args, "-c", `set -e\n. '${script}'\nzones_state='${directory}/state'\n${commands}`],
    { encoding: "utf8", env: { PATH: path }, stdio: ["ignore", "pipe", "pipe"] },
  );
  return { status, output: stdout + stderr };
}

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), "nixus-serials-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  // Programs that the script may find: not the checkers of a name server that this machine happens to have.
  mkdirSync(join(directory, "bin"));
  for (const tool of ["sed", "cat", "chmod", "sync", "mv", "mkdir", "rm", "date"])
    writeFileSync(join(directory, "bin", tool), `#!/bin/sh\nPATH=/usr/bin:/bin exec ${tool} "$@"\n`, {
      mode: 0o755,
    });
  return directory;
}

const zone = (text: string) =>
  `$ORIGIN example.com.\n@\tIN\tSOA\tns. h. (\n\t\t0\t; serial: 0 here, assigned on the primary\n\t\t1\t; refresh\n)\nwww\t\tIN\tTXT\t"${text}"\n`;

const tick = 2 ** 31;
const isGreater = (a: number, b: number) => a !== b && (a - b + 2 * tick) % (2 * tick) < tick;
const u32 = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc.constantFrom(0, 1, tick - 1, tick, tick + 1, 2 ** 32 - 1),
);

describe.each(shells)("under %s", (shell) => {
  it("the next serial is greater by RFC 1982, the day's where it can be, and never 0", () => {
    const directory = scratch();
    const today = 2_026_112_650;
    fc.assert(
      fc.property(fc.array(u32, { minLength: 30, maxLength: 30 }), (lasts) => {
        const { output } = run(
          shell,
          directory,
          `for last in ${lasts.join(" ")}; do next_serial $last ${today}; echo $serial; done`,
        );
        const next = output.trim().split("\n").map(Number);
        for (const [index, last] of lasts.entries()) {
          const found = next[index]!;
          expect(found).toBeGreaterThan(0);
          expect(found).toBeLessThan(2 ** 32);
          expect({ last, found, isGreater: isGreater(found, last) }).toEqual({
            last,
            found,
            isGreater: true,
          });
          if (isGreater(today, last)) expect(found).toBe(today);
        }
      }),
      { numRuns: 5 },
    );
  });

  it("the date has the hundredth of the day behind it", () => {
    const directory = scratch();
    const at = (now: string) =>
      run(shell, directory, `date() { echo '${now}'; }; read_date; echo $today`).output.trim();
    expect(at("20261126 00 00 00")).toBe("2026112600");
    expect(at("20261126 08 09 09")).toBe("2026112633");
    expect(at("20261126 12 00 00")).toBe("2026112649");
    expect(at("20261126 23 59 60")).toBe("2026112699");
  });

  it("a serial is kept for the same zone, and increases with every other one, also with an older", () => {
    const directory = scratch();
    const place = join(directory, "served/example.com");
    const publish = (text: string) => {
      writeFileSync(join(directory, "source"), zone(text));
      const result = run(
        shell,
        directory,
        `publish example.com '${directory}/source' '${place}'; finish nothing.service`,
        `${directory}/bin`,
      );
      expect(result.status).toBe(0);
      const served = readFileSync(place, "utf8");
      expect(served).toBe(readFileSync(join(directory, "state/example.com"), "utf8"));
      expect(served.replace(/\t\t\d+\t; serial\n/, "")).toBe(zone(text).replace(/\t\t0\t; serial.*\n/, ""));
      return Number(/\t\t(\d+)\t; serial\n/.exec(served)![1]);
    };
    const first = publish("one");
    expect(first).toBeGreaterThan(2_000_000_000);
    expect(publish("one")).toBe(first);
    const second = publish("two");
    expect(second).toBeGreaterThan(first);
    expect(publish("two")).toBe(second);
    expect(publish("one")).toBeGreaterThan(second);
    // What looks like the line of the serial inside a record is a record.
    expect(publish("\\t\\t0\\t; serial: 0 here, assigned on the primary")).toBeGreaterThan(second);
    // The server's own copy is made anew from the state.
    rmSync(place);
    const kept = publish("\\t\\t0\\t; serial: 0 here, assigned on the primary");
    expect(publish("\\t\\t0\\t; serial: 0 here, assigned on the primary")).toBe(kept);
  });

  it("a zone that the server's check refuses leaves the one before, and the others are published", () => {
    const directory = scratch();
    writeFileSync(
      join(directory, "bin/named-checkzone"),
      '#!/bin/sh\nif PATH=/usr/bin:/bin grep -q bad "$2"; then echo "line 7: bad"; exit 1; fi\n',
      { mode: 0o755 },
    );
    const publish = (a: string, b: string) => {
      writeFileSync(join(directory, "a"), zone(a));
      writeFileSync(join(directory, "b"), zone(b));
      return run(
        shell,
        directory,
        `publish a '${directory}/a' '${directory}/served/a'; publish b '${directory}/b' '${directory}/served/b'; finish x`,
        `${directory}/bin`,
      );
    };
    expect(publish("one", "one").status).toBe(0);
    const result = publish("bad", "two");
    expect(result.status).toBe(1);
    expect(result.output).toContain(
      "the zone a is refused by named-checkzone, and the one before stays:\nline 7: bad",
    );
    expect(readFileSync(join(directory, "served/a"), "utf8")).toContain('"one"');
    expect(readFileSync(join(directory, "served/b"), "utf8")).toContain('"two"');
  });

  it("killed before any of its commands, it never answers one serial for two contents", () => {
    const directory = scratch();
    const place = join(directory, "served/zone");
    const seen = new Map<string, string>();
    const note = () => {
      let text: string;
      try {
        text = readFileSync(place, "utf8");
      } catch {
        return;
      }
      const serial = /\t\t(\d+)\t; serial\n/.exec(text)![1]!;
      const contents = text.replace(/\t\t\d+\t; serial\n/, "");
      expect(seen.get(serial) ?? contents).toBe(contents);
      seen.set(serial, contents);
    };
    // Every external program counts its calls, and ends the shell at the one that is to be the last.
    for (const tool of ["sed", "chmod", "sync", "mv", "mkdir", "rm"])
      writeFileSync(
        join(directory, "bin", tool),
        `#!/bin/sh\nPATH=/usr/bin:/bin\nread -r left <'${directory}/left'\nif [ "$left" = 0 ]; then kill -KILL $PPID; exit 1; fi\necho $((left - 1)) >'${directory}/left'\nexec ${tool} "$@"\n`,
        { mode: 0o755 },
      );
    for (let steps = 0; steps < 16; steps++) {
      for (const text of ["one", "two"]) {
        writeFileSync(join(directory, "left"), `${steps}\n`);
        writeFileSync(join(directory, "source"), zone(`${text} ${steps % 3}`));
        run(shell, directory, `publish zone '${directory}/source' '${place}'; finish x`, `${directory}/bin`);
        note();
      }
    }
    writeFileSync(join(directory, "left"), "1000\n");
    expect(
      run(shell, directory, `publish zone '${directory}/source' '${place}'; finish x`, `${directory}/bin`)
        .status,
    ).toBe(0);
    note();
    expect(seen.size).toBeGreaterThan(3);
  });
});
