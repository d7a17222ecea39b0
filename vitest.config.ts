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
          name: "conformance",
          include: ["test/conformance/**/*.conformance.ts"],
          // Each is one or more evaluations of a whole nixpkgs, by two programs.
          testTimeout: 600_000,
        },
      },
    ],
  },
});
