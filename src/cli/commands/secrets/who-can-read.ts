import { secretsSection } from "../../../fleet/modules/secrets/lock.ts";
import { secretLabel } from "../../../fleet/modules/secrets/secret.ts";
import { readLockFile } from "../../../fleet/update-lock-file.ts";
import { commandOnSecrets } from "../../secrets/command.ts";
import * as text from "../../text.ts";

export const whoCanReadCommand = commandOnSecrets(
  text.secrets.whoCanRead,
  async ({ network, chosen, access, say }) => {
    const { recipientsOf } = await import("../../../deploy/secrets/generated.ts");
    const { describeSource } = await import("../../../deploy/secrets/sources.ts");
    const { identitiesOf } = await import("../../../deploy/secrets/update.ts");
    const lock = readLockFile(network.file).get(secretsSection);
    for (const secret of chosen) {
      say(`${secretLabel(secret.owner)}:`);
      if (secret.secret.source.type === "generated") {
        for (const recipient of await recipientsOf(secret, lock, identitiesOf(access))) say(`  ${recipient}`);
      } else {
        say(`  who has ${describeSource(secret.secret.source)}`);
      }
      for (const node of secret.nodes) {
        const entry = node.secrets.find(
          (other) => secretLabel(other.owner) === secretLabel(secret.owner),
        )?.entry;
        if (entry === undefined) continue;
        const group = (Number(entry.mode[2]) & 4) === 0 ? [] : [`group ${entry.group}`];
        const users = ["root", ...(entry.user === "root" ? [] : [`user ${entry.user}`]), ...group];
        say(`  on ${node.name}: ${users.join(", ")}`);
      }
    }
  },
);
