import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CompiledCode } from "../../src/cli/evaluation/compiled-code.ts";
import { Program } from "./program.ts";

describe("compiled code", () => {
  let scratch: string;
  const flags = ["--a=1"];
  const compiled = { code: Buffer.from("compiled"), after: 12.5 };
  const cache = (program: string, ofFlags: readonly string[] = flags) =>
    CompiledCode.of({ XDG_CACHE_HOME: scratch }, program, ofFlags);

  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), "nixus-code-"));
    writeFileSync(join(scratch, "program"), "text");
  });
  afterEach(() => rmSync(scratch, { recursive: true }));

  it("is kept for the same program and flags", () => {
    const program = join(scratch, "program");
    expect(cache(program)?.read()).toBeUndefined();
    cache(program)?.write(compiled);
    expect(cache(program)?.read()).toEqual(compiled);
    expect(cache(program, ["--a=2"])?.read()).toBeUndefined();
    writeFileSync(program, "tex2");
    expect(cache(program)?.read()).toBeUndefined();
  });

  it("is kept nowhere but where only the user can write", () => {
    const program = join(scratch, "program");
    cache(program)?.write(compiled);
    chmodSync(join(scratch, "nixus/code"), 0o770);
    expect(cache(program)).toBeUndefined();
    expect(CompiledCode.of({}, program, flags)).toBeUndefined();
  });
});

describe("the program", () => {
  it("keeps its compiled code, evaluates the same with it, and does without where it is damaged", async () => {
    using program = await Program.create();
    const directory = join(program.home, ".cache/nixus/code");
    const entries = () => readdirSync(directory).filter((name) => name !== "key");
    const evaluate = async () => {
      const { status, stdout, stderr } = await program.nixus(["nix-instantiate", "--eval", "-E", "1 + 1"]);
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "2\n", stderr: "" });
    };
    await evaluate();
    const [entry] = entries();
    const file = join(directory, entry!);
    const written = readFileSync(file);
    expect(written.length).toBeGreaterThan(100_000);
    await evaluate();
    // It was of use: else it would have been made anew.
    expect(readFileSync(file).equals(written)).toBe(true);
    writeFileSync(file, written.subarray(0, 50_000));
    await evaluate();
    expect(readFileSync(file).length).toBeGreaterThan(100_000);
    expect(entries()).toEqual([entry]);
  });

  it("keeps that of the REPL too", async () => {
    using program = await Program.create();
    const { stdout } = await program.nixus(["repl"], { input: "1 + 1\n:q\n" });
    expect(stdout).toContain("2");
    expect(readdirSync(join(program.home, ".cache/nixus/code"))).toHaveLength(2);
  });

  it.each(["/dev/null/nobody", "/proc/1/nobody"])(
    "evaluates where there is no place for a cache: %s",
    async (HOME) => {
      using program = await Program.create();
      const env = { HOME };
      const { stdout } = await program.nixus(["nix-instantiate", "--eval", "-E", "1 + 1"], { env });
      expect(stdout).toBe("2\n");
    },
  );
});
