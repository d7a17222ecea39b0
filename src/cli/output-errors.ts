/**
 * Output that nobody takes: whoever reads it has had enough (`nixus secrets list | head`), or the disk that it goes to
 * is full. A command goes on without it: machines are not left half-way for that.
 */
export function surviveOutputErrors(process: NodeJS.Process): void {
  let told = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE" || told) return;
    told = true;
    process.stderr.write(`error: the output could not be written: ${error.message}\n`);
    process.exitCode = 1;
    // Whatever the command makes of its own end.
    process.once("exit", () => {
      process.exitCode ||= 1;
    });
  });
  // There is nothing left to tell it to.
  process.stderr.on("error", () => {});
}
