import { buildCommand } from "@stricli/core";
import { lockedDigest, secretsSection } from "../../../fleet/modules/secrets/lock.ts";
import { secretLabel } from "../../../fleet/modules/secrets/secret.ts";
import { readLockFile } from "../../../fleet/update-lock-file.ts";
import type { Context } from "../../context.ts";
import { type SecretsFlags, secretsAliases, secretsFlags, secretsOfNetwork } from "../../secrets/network.ts";
import * as text from "../../text.ts";
import { jsonFlag } from "../flags.ts";

interface Flags extends SecretsFlags {
  readonly json: boolean;
}

export const listCommand = buildCommand<Flags, [], Context>({
  async func(flags) {
    const { network, secrets } = await secretsOfNetwork(flags, this.process);
    const { describeSource } = await import("../../../deploy/secrets/sources.ts");
    const lock = readLockFile(network.file).get(secretsSection);
    const rows = secrets.map(({ owner, secret, nodes }) => ({
      secret: secretLabel(owner),
      nodes: nodes.map(({ name }) => name),
      source: describeSource(secret.source),
      user: secret.entry.user,
      group: secret.entry.group,
      mode: secret.entry.mode,
      persistent: secret.entry.place === "disk",
      path: secret.path,
      locked: lockedDigest(lock, owner) !== null,
    }));
    if (flags.json) {
      this.process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
      return;
    }
    if (rows.length === 0) this.process.stderr.write(`${text.secrets.none}\n`);
    const cells = rows.map((row) => [
      row.secret,
      `${row.user}:${row.group} ${row.mode}`,
      row.locked ? "locked" : "not in nixus.lock",
      row.source,
    ]);
    const widths = [0, 1, 2].map((column) => Math.max(0, ...cells.map((row) => row[column]?.length ?? 0)));
    for (const row of cells) {
      const line = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
      this.process.stdout.write(`${line.trimEnd()}\n`);
    }
  },
  parameters: {
    flags: {
      ...secretsFlags,
      json: jsonFlag,
    },
    aliases: secretsAliases,
  },
  docs: { brief: text.secrets.list },
});
