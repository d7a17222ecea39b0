import { defineConfig, type UserConfig } from "tsdown";

const common: UserConfig = {
  outDir: "dist",
  platform: "node",
  target: "node20",
  format: "esm",
  fixedExtension: false,
};

export default defineConfig([
  {
    ...common,
    entry: ["src/index.ts", "src/cli/main.ts", "src/cli/evaluation/worker.ts"],
    // One output file per source file: assets (.sh, .nix) are read beside the module that uses them.
    unbundle: true,
    dts: { entry: "src/index.ts" },
    clean: true,
    copy: [{ from: ["src/**/*.sh", "src/**/*.nix"], to: "dist", flatten: false }],
  },
  {
    ...common,
    // The threads of the language's own tools: in few files, packages included, which load in a third of the time.
    entry: {
      "cli/instantiate/worker": "src/cli/instantiate/worker.ts",
      "cli/repl/worker": "src/cli/repl/worker.ts",
    },
    clean: false,
    noExternal: ["ipaddr.js"],
    banner:
      "/*! With ipaddr.js. MIT License, Copyright (C) 2011-2017 whitequark <whitequark@whitequark.org> */",
    dts: false,
    outputOptions: { chunkFileNames: "cli/evaluation/[name]-[hash].js" },
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  },
]);
