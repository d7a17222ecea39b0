import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts", "src/cli/main.ts", "src/cli/evaluation/worker.ts", "src/cli/instantiate/worker.ts"],
  outDir: "dist",
  platform: "node",
  target: "node20",
  format: "esm",
  fixedExtension: false,
  // One output file per source file: assets (.sh, .nix) are read beside the module that uses them.
  unbundle: true,
  dts: { entry: "src/index.ts" },
  clean: true,
  copy: [{ from: ["src/**/*.sh", "src/**/*.nix"], to: "dist", flatten: false }],
});
