import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/machines/**"],
          testTimeout: 30_000,
          // Some begin with building the program.
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "machines",
          include: ["test/machines/**/*.machine.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: "virtual",
          include: ["test/machines/**/*.virtual.ts"],
          // Where there is no KVM, processors are emulated.
          testTimeout: 1_200_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          name: "conformance",
          include: ["test/conformance/**/*.conformance.ts"],
          // Evaluations in the tests' own process may recurse as deep as Nix's: 6 of the 8 MB that systems give.
          execArgv: ["--stack-size=6000"],
          // Each is one or more evaluations of a whole nixpkgs, by two programs.
          testTimeout: 600_000,
        },
      },
    ],
  },
});
