/** Writing to a store, with programs in Nix's place that note what they are given. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { run, withFiles } from "./lab.ts";

const expr = `derivation {
  name = "top"; system = "s"; builder = "b";
  source = builtins.toFile "source" "text";
  input = derivation { name = "input"; system = "s"; builder = "b"; };
}`;

/** Nothing is there but `input.drv`; what is imported goes to a file. */
const nixStore = `#!/bin/sh
here=$(dirname "$0")
echo "$@" >> "$here/calls"
case $1 in
  --check-validity) shift 2; for path; do case $path in *-input.drv) ;; *) echo "$path" ;; esac; done ;;
  --import) cat > "$here/imported" ;;
esac
`;

const nixInstantiate = `#!/bin/sh
echo "$@" >> "$(dirname "$0")/calls"
echo "/roots/$2"
`;

describe("writing derivations to the store of this machine", () => {
  it("sends what is missing, references first", async () => {
    await withFiles({ "nix-store": nixStore }, async (directory) => {
      const { stdout, messages, error } = await run(["-E", expr], {
        env: { PATH: `${directory}:/usr/bin:/bin` },
      });
      expect(error).toBeUndefined();
      expect(stdout).toMatch(/-top\.drv\n$/);
      expect(messages).toEqual([
        "warning: you did not specify '--add-root'; the result might be removed by the garbage collector",
      ]);
      const imported = readFileSync(`${directory}/imported`, "latin1");
      const at = (name: string) =>
        imported.search(new RegExp(`NIXE.{12}/nix/store/[a-z0-9]{32}-${name}`, "s"));
      expect(at("source")).toBeGreaterThan(0);
      expect(at("top\\.drv")).toBeGreaterThan(at("source"));
      expect(at("input\\.drv")).toBe(-1);
    });
  });

  it("says of a derivation that is nowhere that it is nowhere", async () => {
    await withFiles({ "nix-store": nixStore }, async (directory) => {
      const path = `/nix/store/${"0".repeat(32)}-x.drv`;
      const set = `{ type = "derivation"; name = "x"; outputName = "dev"; drvPath = "${path}"; }`;
      const env = { PATH: `${directory}:/usr/bin:/bin` };
      expect(await run(["-E", set], { env })).toEqual({
        stdout: `${path}!dev\n`,
        messages: [
          `warning: nothing was written to the store: '${path}' is not valid there and was not made here`,
        ],
        error: undefined,
      });
    });
  });

  it("makes roots, numbered from the second one on", async () => {
    await withFiles({ "nix-store": nixStore, "nix-instantiate": nixInstantiate }, async (directory) => {
      const { stdout, messages } = await run(
        ["-E", expr, `(${expr}) // { outputName = "x"; }`, "--add-root", "r"],
        {
          env: { PATH: `${directory}:/usr/bin:/bin` },
        },
      );
      expect(stdout).toBe("/roots/r\n/roots/r-2!x\n");
      expect(messages).toEqual([]);
    });
  });

  it("writes nothing for a value, unless it is told to", async () => {
    const calls = async (...args: string[]): Promise<string[]> =>
      withFiles({ "nix-store": nixStore, calls: "" }, async (directory) => {
        await run([...args, "--eval", "-E", `(${expr}).drvPath`], {
          env: { PATH: `${directory}:/usr/bin:/bin` },
        });
        return readFileSync(`${directory}/calls`, "utf8")
          .split("\n")
          .map((line) => line.split(" ")[0]!);
      });
    expect(await calls()).toEqual([""]);
    expect(await calls("--read-write-mode")).toEqual(["--check-validity", "--import", ""]);
    expect(await calls("--read-write-mode", "--dry-run")).toEqual([""]);
  });

  it("prints the path and says why when the store refuses", async () => {
    const refusing = "#!/bin/sh\necho 'error: the store is full' >&2\nexit 1\n";
    await withFiles({ "nix-store": refusing }, async (directory) => {
      const { stdout, messages, error } = await run(["-E", expr], {
        env: { PATH: `${directory}:/usr/bin:/bin` },
      });
      expect(stdout).toMatch(/-top\.drv\n$/);
      expect(messages).toEqual([
        "warning: nothing was written to the store: nix-store failed: the store is full",
      ]);
      expect(error).toBeUndefined();
    });
  });
});
