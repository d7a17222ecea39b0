/** All option declarations of the `linux` platform. */
import { assertionsModule } from "../../../../modules/assertions.ts";
import type { OptionsOf } from "../../../../modules/definable.ts";
import { secretFilesOptions } from "../../../modules/secrets/module.ts";
import { activationOptions } from "./activation.ts";
import { bindOptions } from "./bind.ts";
import { etcOptions } from "./etc.ts";
import { firewallOptions } from "./firewall.ts";
import { natOptions } from "./nat.ts";
import { networkingOptions } from "./networking.ts";
import { nsdOptions } from "./nsd.ts";
import { opensshOptions } from "./openssh.ts";
import { openvpnOptions } from "./openvpn.ts";
import { packagesOptions } from "./packages.ts";
import { sshClientOptions } from "./ssh-client.ts";
import { sudoOptions } from "./sudo.ts";
import { sysctlOptions } from "./sysctl.ts";
import { systemdOptions } from "./systemd.ts";
import { tmpfilesOptions } from "./tmpfiles.ts";
import { usersOptions } from "./users.ts";
import { wgQuickOptions } from "./wg-quick.ts";
import { wireguardOptions } from "./wireguard.ts";

export const linuxOptions = [
  activationOptions,
  assertionsModule,
  bindOptions,
  etcOptions,
  firewallOptions,
  natOptions,
  networkingOptions,
  nsdOptions,
  opensshOptions,
  openvpnOptions,
  packagesOptions,
  secretFilesOptions,
  sshClientOptions,
  sudoOptions,
  sysctlOptions,
  systemdOptions,
  tmpfilesOptions,
  usersOptions,
  wgQuickOptions,
  wireguardOptions,
] as const;

/** A union of types to their intersection: function parameters are inferred so. */
type Intersection<Union> = (Union extends unknown ? (each: Union) => void : never) extends (
  all: infer All,
) => void
  ? All
  : never;

/** The tree of all options of the platform. */
export type LinuxOptions = Intersection<OptionsOf<(typeof linuxOptions)[number]>>;
