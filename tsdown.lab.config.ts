import { defineConfig } from "tsdown";

/** For programs outside of vitest: the library of test machines (the demo, `npm run lab`), and `npm run faults`. */
export default defineConfig({
  entry: { lab: "test/machines/lib/index.ts", faults: "test/machines/faults/main.ts" },
  outDir: "dist-test",
  platform: "node",
  target: "node20",
  format: "esm",
  fixedExtension: false,
  dts: false,
  clean: false,
});
