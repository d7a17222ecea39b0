/** What the VPNs keep in `nixus.lock`. */
import { z } from "zod";
import type { LockSection } from "../../lock-file.ts";

const addresses = z.record(z.string(), z.record(z.string(), z.record(z.string(), z.string())));

export type VpnLock = {
  /** By network, node and option (`subnetIp`, `subnetIp6`): addresses that were assigned. */
  readonly addresses: z.infer<typeof addresses>;
};

export const vpnSection: LockSection<VpnLock> = {
  name: "vpn",
  schema: z.object({ addresses: addresses.default({}) }),
  empty: { addresses: {} },
};
