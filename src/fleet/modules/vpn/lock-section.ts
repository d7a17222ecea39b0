/** What the VPNs keep in `nixus.lock`. */
import { type Checked, lazySchema } from "../../../store/schema.ts";
import type { LockSection } from "../../lock-file.ts";

const addresses = lazySchema((z) =>
  z.record(z.string(), z.record(z.string(), z.record(z.string(), z.string()))),
);

export type VpnLock = {
  /** By network, node and option (`subnetIp`, `subnetIp6`): addresses that were assigned. */
  readonly addresses: Checked<typeof addresses>;
};

export const vpnSection: LockSection<VpnLock> = {
  name: "vpn",
  schema: lazySchema((z) => z.object({ addresses: addresses().default({}) })),
  empty: { addresses: {} },
};
