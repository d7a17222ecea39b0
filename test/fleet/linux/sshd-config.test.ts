import { describe, expect, test } from "vitest";
import {
  defaultAuthorizedKeysFiles,
  type SshdSetting,
  sshdConfig,
} from "../../../src/fleet/platforms/linux/sshd-config.ts";

const settings = (values: Record<string, SshdSetting>) => new Map(Object.entries(values));

describe("sshdConfig", () => {
  test("writes each kind of value as sshd_config(5) wants it", () => {
    expect(
      sshdConfig(
        settings({
          PasswordAuthentication: false,
          PermitRootLogin: "prohibit-password",
          ClientAliveInterval: 60n,
          Ciphers: ["a", "b"],
          AllowUsers: ["x", "y"],
          Port: ["22", "2222"],
          Banner: null,
          Macs: [],
        }),
        null,
      ),
    ).toBe(
      "PasswordAuthentication no\nPermitRootLogin prohibit-password\nClientAliveInterval 60\nCiphers a,b\n" +
        "AllowUsers x y\nPort 22\nPort 2222\n",
    );
  });

  test("names the key files unless the settings do", () => {
    expect(sshdConfig(settings({}), defaultAuthorizedKeysFiles)).toBe(
      "AuthorizedKeysFile .ssh/authorized_keys .ssh/authorized_keys2 /etc/ssh/authorized_keys.d/%u\n",
    );
    expect(sshdConfig(settings({ authorizedKeysFile: ["/a", "/b"] }), defaultAuthorizedKeysFiles)).toBe(
      "authorizedKeysFile /a /b\n",
    );
  });

  test("refuses what would become another line", () => {
    expect(() => sshdConfig(settings({ Banner: "x\nPermitRootLogin yes" }), null)).toThrow("a single line");
    expect(() => sshdConfig(settings({ "A B": true }), null)).toThrow("not a keyword");
    expect(() => sshdConfig(settings({ Match: "User x" }), null)).toThrow("extraConfig");
  });
});
