/** What `nixus lock` writes: the parts of nixus.lock that follow from the network alone. */
import { NixError } from "../../lang/eval/errors.ts";
import { fromText } from "../../store/bytes.ts";
import { type AddressChange, assignAddresses, SubnetFull } from "../modules/vpn/addresses.ts";
import { type VpnLock, vpnSection } from "../modules/vpn/lock-section.ts";
import type { Network } from "./network.ts";

export interface Assignments {
  readonly addresses: VpnLock["addresses"];
  readonly changes: readonly AddressChange[];
}

export function assignmentsOf(network: Network): Assignments {
  try {
    return assignAddresses(network.view.vpn.networks, network.lock.get(vpnSection).addresses);
  } catch (error) {
    if (error instanceof SubnetFull) throw new NixError("module", fromText(error.message), { cause: error });
    throw error;
  }
}
