import { describe, expect, it } from "vitest";
import { deploymentOf, messageOf } from "../network-of.ts";

const packagesOf = (configuration: string) =>
  deploymentOf(`{ nodes.a = { platform = "linux"; configuration = { ${configuration} }; }; }`).nodes[0]
    ?.packages;

describe("packages of the distribution", () => {
  it("are those of environment.systemPackages, each once", () => {
    expect(
      packagesOf(`imports = [ { environment.systemPackages = [ "htop" ]; } ];
      environment.systemPackages = [ "libstdc++6:i386" "g++" "htop" ];`),
    ).toEqual(["g++", "htop", "libstdc++6:i386"]);
    expect(packagesOf("")).toEqual([]);
  });

  it("are named as apt knows them", () => {
    for (const wrong of ['"htop-"', '"linux-*"', '"Htop"', '"-y"', '"a b"', '""', "./package.deb", "{ }"]) {
      const message = messageOf(() => packagesOf(`environment.systemPackages = [ ${wrong} ];`));
      expect(message).toContain("nodes.a.configuration.environment.systemPackages");
      expect(message).toContain("name of a package of the distribution");
    }
  });
});
