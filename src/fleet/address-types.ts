/** Types of options that hold an IP address, as a text. */
import { isIpv4, isIpv6 } from "../modules/ip.ts";
import { t } from "../modules/types/index.ts";
import { withParts } from "../modules/types/make.ts";

export const ipv4Address = withParts<string>(t.addCheck(t.str, isIpv4), { description: "IPv4 address" });
export const ipv6Address = withParts<string>(t.addCheck(t.str, isIpv6), { description: "IPv6 address" });
