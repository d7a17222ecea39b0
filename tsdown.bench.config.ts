import { defineConfig } from "tsdown";

/** For `bench/fleet.mjs`: parts of the program that the library does not offer. */
export default defineConfig({
  // The library itself too, so that what is in src/ has the same place here.
  entry: ["src/index.ts", "src/deploy/ssh/remote-script.ts", "src/deploy/target/scripts.ts"],
  outDir: "dist-test/engine",
  platform: "node",
  target: "node20",
  format: "esm",
  fixedExtension: false,
  // Scripts are read beside the modules that send them.
  unbundle: true,
  copy: [{ from: "src/**/*.sh", to: "dist-test/engine", flatten: false }],
  dts: false,
  clean: true,
});
