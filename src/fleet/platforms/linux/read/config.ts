/** The configuration of a node of the linux platform as the system that it describes. */
import type { Attrs } from "../../../../lang/eval/value.ts";
import { secretsOf } from "../../../modules/secrets/evaluate.ts";
import type { Reader } from "../../../reader.ts";
import type { LinuxSystem } from "../system.ts";
import { readActivationScripts, readPreSwitchChecks } from "./activation.ts";
import { readEtc } from "./etc.ts";
import { readNftables } from "./firewall.ts";
import { readNetwork } from "./networkd.ts";
import { readSshd } from "./openssh.ts";
import { readSysctl } from "./sysctl.ts";
import { readTmpfiles } from "./tmpfiles.ts";
import { readUnits } from "./units.ts";
import { readGroups, readUsers } from "./users.ts";

/** `system`: the Nix system, e.g. `x86_64-linux`. */
export function readLinuxSystem(reader: Reader, config: Attrs, system: string): LinuxSystem {
  return {
    system,
    hostName: reader.nullOr(reader.at(config, "networking", "hostName"), (slot) =>
      reader.plain(slot, "networking.hostName"),
    ),
    etc: readEtc(reader, config),
    units: readUnits(reader, config),
    users: readUsers(reader, config),
    groups: readGroups(reader, config),
    activationScripts: readActivationScripts(reader, config),
    preSwitchChecks: readPreSwitchChecks(reader, config),
    sshd: readSshd(reader, config),
    network: readNetwork(reader, config),
    nftables: readNftables(reader, config),
    kernelParameters: readSysctl(reader, config),
    secrets: secretsOf(reader, config),
    tmpfiles: readTmpfiles(reader, config),
  };
}
