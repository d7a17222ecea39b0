import { relative, resolve } from "node:path";
import { defineConfig, type UserConfig } from "tsdown";

const sources = resolve("src");

/**
 * A module finds scripts, Nix files and threads beside itself, and names itself in messages, by `import.meta.url`: in a bundle, too,
 * that is where its source would stand in dist/. There the scripts and Nix files are.
 */
const modulesKeepTheirPlaces = {
  name: "modules-keep-their-places",
  transform(code: string, file: string) {
    if (!file.startsWith(`${sources}/`) || !code.includes("import.meta.url")) return null;
    const place = relative(sources, file).replace(/\.ts$/, ".js");
    const url = `(import.meta.url.replace(/^(.*\\/dist\\/).*$/, "$1") + ${JSON.stringify(place)})`;
    return { code: code.replaceAll("import.meta.url", url), map: null };
  },
};

const common: UserConfig = {
  outDir: "dist",
  platform: "node",
  target: "node20",
  format: "esm",
  fixedExtension: false,
  plugins: [modulesKeepTheirPlaces],
  // They say which plugin took how much of a few seconds.
  inputOptions: { checks: { pluginTimings: false } },
  dts: false,
  clean: false,
};

export default defineConfig([
  {
    ...common,
    entry: "src/index.ts",
    dts: { entry: "src/index.ts" },
    clean: true,
    copy: [{ from: ["src/**/*.sh", "src/**/*.nix"], to: "dist", flatten: false }],
    outputOptions: { chunkFileNames: "library/[name]-[hash].js" },
  },
  {
    ...common,
    entry: { "cli/main": "src/cli/main.ts" },
    outputOptions: { chunkFileNames: "cli/main/[name]-[hash].js" },
  },
  { ...common, entry: { "cli/evaluation/loader": "src/cli/evaluation/loader.ts" }, format: "cjs" },
  // Each thread that evaluates has one file, whose compiled code is kept (src/cli/evaluation/compiled-code.ts).
  ...["evaluation", "instantiate", "repl"].map(
    (thread): UserConfig => ({
      ...common,
      entry: { [`cli/${thread}/worker`]: `src/cli/${thread}/worker.ts` },
      format: "cjs",
      deps: { alwaysBundle: ["ipaddr.js"] },
      banner:
        "/*! With ipaddr.js. MIT License, Copyright (C) 2011-2017 whitequark <whitequark@whitequark.org> */",
      outputOptions: { codeSplitting: false },
      minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    }),
  ),
]);
