/** The modules that every network has. */
import { assertionsModule } from "../../modules/assertions.ts";
import type { ModuleSource } from "../../modules/module.ts";
import { dnsModule } from "./dns/module.ts";
import { minecraftModule } from "./minecraft/module.ts";
import { publicIpDocumentation, publicIpModule } from "./public-ip/module.ts";
import { rtcwakeModule } from "./rtcwake/module.ts";
import { secretsModule } from "./secrets/module.ts";
import type { NetworkSecrets } from "./secrets/resolve.ts";
import { sshModule } from "./ssh/module.ts";
import { vpnModule } from "./vpn/module.ts";

/** Those that read `nixus.lock` are made with it. */
export function builtInModules(secrets: NetworkSecrets): readonly ModuleSource[] {
  return [
    assertionsModule,
    dnsModule,
    minecraftModule,
    publicIpModule,
    rtcwakeModule,
    secretsModule,
    sshModule,
    vpnModule(secrets),
  ];
}

/** What they declare in the configurations of machines, for documentation. */
export const documentedModules: readonly ModuleSource[] = [publicIpDocumentation];
