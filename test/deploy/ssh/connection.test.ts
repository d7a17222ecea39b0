/** What becomes of commands whose output nobody can make sense of. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { Connection } from "../../../src/deploy/ssh/connection.ts";
import { FakeSsh } from "../rig/fake-ssh.ts";

test("a line that can't be understood is a failure of this command, however long ssh goes on", async () => {
  const ssh = await FakeSsh.start(async (call) => {
    call.say("nonsense");
    while (!understood) await sleep(10);
    // Long enough for a failure that nobody waits for to be noticed.
    await sleep(50);
    call.exit(0);
  });
  onTestFinished(() => ssh.stop());
  let understood = false;
  const connection = new Connection(
    { destination: "root@foo", sshOptions: {}, privilegeEscalationCommand: [] },
    "/nonexistent",
  );
  const run = connection.run("true", {
    onLine: (line) => {
      understood = true;
      throw new RangeError(`what is ${line}?`);
    },
  });
  await expect(run).rejects.toThrow("what is nonsense?");
});
