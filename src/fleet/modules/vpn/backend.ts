/** What a backend is: it turns the links of a network into definitions for its members' machines. */
import type { StoreString } from "../../../modules/store-string.ts";
import type { View } from "../../../modules/view.ts";
import type { BackendName } from "./backends.ts";
import type { Member } from "./members.ts";
import type { VpnNetwork } from "./network.ts";

/** A machine's part in one of its networks. */
export interface Membership {
  readonly network: VpnNetwork;
  readonly member: Member;
}

export interface Machine {
  /** Its networks that have the backend. */
  memberships(): readonly Membership[];
  /** The pointer to a secret of the machine (`secrets.files.<name>.file`). */
  secretFile(name: string): string | StoreString;
  /** The packages of a NixOS machine; undefined: programs are found where the distribution puts them. */
  packages(): View | undefined;
}

export interface Backend {
  readonly name: BackendName;
  /** What is wrong with the members of a network, or with what it asks for, each in one message. */
  problems(network: VpnNetwork): readonly string[];
  /**
   * Definitions for a machine, with the option names of NixOS. Every machine of a fleet gets them, so each of its
   * attributes says itself (`mkIf`) whether there is something to define.
   */
  configuration(machine: Machine): Readonly<Record<string, unknown>>;
}
