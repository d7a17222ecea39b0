/** That it ends a real connection is seen on machines (test/machines/commands.machine.ts). */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { endSharedConnection } from "../../../src/deploy/ssh/control-socket.ts";

test("without a connection there is nothing to do", async () => {
  await endSharedConnection("/nonexistent/socket");
});

test("what does not speak the protocol keeps nobody waiting", async () => {
  const directory = mkdtempSync(join(tmpdir(), "nixus-mux-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const server = createServer((socket) => socket.destroy()).listen(join(directory, "s"));
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  await endSharedConnection(join(directory, "s"));
});
