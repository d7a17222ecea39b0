// desktop sleeps while nobody needs it, and wakes every half hour to ask hub. `curl -d minutes=90
// http://hub.home:8423/machines/desktop`, or the page there, keeps it awake.
import { defineNetwork } from "nixus";

export default defineNetwork(() => ({
  rtcwake: {
    // Through the VPN, and from nowhere else.
    server: { node: "hub", address: "hub.home", openFirewall: false },
    machines: { desktop: { interval: 1800 } },
  },
  // One that sleeps is no reason for a deployment to fail.
  nodes: {
    desktop: { whenUnreachable: "skip" },
    laptop: { whenUnreachable: "skip" },
  },
}));
