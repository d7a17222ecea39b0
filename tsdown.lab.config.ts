import { defineConfig } from "tsdown";

/** The library of test machines, for programs outside of vitest: the demo and `npm run lab`. */
export default defineConfig({
  entry: { lab: "test/machines/lib/index.ts" },
  outDir: "dist-test",
  platform: "node",
  target: "node20",
  format: "esm",
  fixedExtension: false,
  dts: false,
  clean: true,
});
