import { describe, expect, it } from "vitest";
import { messageOf } from "../network-of.ts";
import { systemOf } from "./system-of.ts";

const parameters = (text: string) => systemOf(`boot.kernel.sysctl = { ${text} };`).kernelParameters;

describe("boot.kernel.sysctl", () => {
  it("is a list of files below /proc/sys", () => {
    expect(
      parameters(`"vm.swappiness" = 60; "net.ipv4.tcp_syncookies" = false; "kernel.domainname" = "example.com";
        "net.ipv4.tcp_rmem" = "4096 87380 6291456"; "net.ipv4.ip_forward" = null;`),
    ).toEqual([
      { path: "kernel/domainname", value: "example.com" },
      { path: "net/ipv4/tcp_rmem", value: "4096 87380 6291456" },
      { path: "net/ipv4/tcp_syncookies", value: "0" },
      { path: "vm/swappiness", value: "60" },
    ]);
  });

  it("has names with slashes for interfaces with dots, as sysctl.d(5) says", () => {
    for (const name of ["net.ipv4.conf.eth0/7.rp_filter", "net/ipv4/conf/eth0.7/rp_filter"])
      expect(parameters(`"${name}" = 1;`)).toEqual([{ path: "net/ipv4/conf/eth0.7/rp_filter", value: "1" }]);
  });

  it("refuses names and values that the machine could not tell apart from others", () => {
    for (const name of ["swappiness", "net.ipv4.conf.*.rp_filter", "net/../vm/swappiness", "vm..x", "a b.c"])
      expect(messageOf(() => parameters(`"${name}" = 1;`))).toContain(
        `'boot.kernel.sysctl."${name}"' is not the name`,
      );
    expect(messageOf(() => parameters(`"vm.x" = "a\\nb";`))).toContain("boot.kernel.sysctl");
    expect(messageOf(() => parameters(`"vm.x" = [ ];`))).toContain("boot.kernel.sysctl");
  });
});
