/** Types of options that hold an IP address, as a text. */
import ipaddr from "ipaddr.js";
import { t } from "../modules/types/index.ts";
import { withParts } from "../modules/types/make.ts";

/** Four decimal numbers: inet_aton(3)'s other forms are somebody's mistake. */
const isIpv4 = (text: string): boolean => ipaddr.IPv4.isValidFourPartDecimal(text);

/** RFC 4291, section 2.2; without a zone (`%eth0`), which means something on one machine only. */
const isIpv6 = (text: string): boolean => !text.includes("%") && ipaddr.IPv6.isValid(text);

export const ipv4Address = withParts<string>(t.addCheck(t.str, isIpv4), { description: "IPv4 address" });
export const ipv6Address = withParts<string>(t.addCheck(t.str, isIpv6), { description: "IPv6 address" });
