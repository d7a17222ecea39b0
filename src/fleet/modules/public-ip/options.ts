/** The options below `networking.public`, in the configuration of every machine. */
import { option } from "../../../modules/define.ts";
import { addressText, parseAddress } from "../../../modules/ip.ts";
import { t } from "../../../modules/types/index.ts";
import { ipv4Address, ipv6Address } from "../../address-types.ts";

/** Written in one way, whoever compares it. */
const canonical = (address: string | null) => (address === null ? null : addressText(parseAddress(address)));

const has = (version: string) =>
  option({
    type: t.bool,
    defaultText: `whether \`ip${version}\` is set`,
    description: `Whether the machine can be reached from the internet by IP${version}.`,
  });

export const publicOptions = {
  networking: {
    public: {
      ipv4: option({
        type: t.nullOr(ipv4Address),
        default: null,
        example: "192.0.2.1",
        description:
          "The IPv4 address by which the machine is reached from the internet; behind NAT, that of the router that forwards to it.",
        apply: canonical,
      }),
      ipv6: option({
        type: t.nullOr(ipv6Address),
        default: null,
        example: "2001:db8::1",
        description: "The IPv6 address by which the machine is reached from the internet.",
        apply: canonical,
      }),
      hasIpv4: has("v4"),
      hasIpv6: has("v6"),
    },
  },
} as const;

export type PublicOptions = typeof publicOptions;
