// Preloaded into a program that is measured (--import): leaves its peak of resident memory, in MiB, in the file that
// NIXUS_BENCH_PEAK names.

import { writeFileSync } from "node:fs";

process.on("exit", () => {
  const file = process.env["NIXUS_BENCH_PEAK"];
  if (file !== undefined) writeFileSync(file, String(Math.round(process.resourceUsage().maxRSS / 1024)));
});
