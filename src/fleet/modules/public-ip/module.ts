/** `networking.public`: options that configurations have on every platform. */
import { defineModule, mkOverride } from "../../../modules/define.ts";
import { optionDefaultPriority } from "../../../modules/properties.ts";
import { type ConfigurationArgs, defineNetworkModule } from "../../network/define.ts";
import { publicOptions } from "./options.ts";

export const publicIpModule = defineNetworkModule({
  file: import.meta.url,
  key: "nixus/public-ip",
  config: {
    defaults: {
      // As NixOS's own modules are written, since there NixOS's module system evaluates it.
      configuration: ({ config }: ConfigurationArgs) => {
        const given = (version: "ipv4" | "ipv6") => () => config.networking.public[version] !== null;
        return {
          options: publicOptions,
          config: {
            networking: {
              public: {
                hasIpv4: mkOverride(optionDefaultPriority, given("ipv4")),
                hasIpv6: mkOverride(optionDefaultPriority, given("ipv6")),
              },
            },
          },
        };
      },
    },
  },
});

export const publicIpDocumentation = defineModule({ file: import.meta.url, options: publicOptions });
