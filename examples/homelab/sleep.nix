# desktop sleeps while nobody needs it, and wakes every half hour to ask hub. `curl -d minutes=90
# http://hub.home:8423/machines/desktop`, or the page there, keeps it awake.
{
  rtcwake = {
    server = {
      node = "hub";
      # Through the VPN, and from nowhere else.
      address = "hub.home";
      openFirewall = false;
    };
    machines.desktop.interval = 1800;
  };
  # One that sleeps is no reason for a deployment to fail.
  nodes.desktop.whenUnreachable = "skip";
  nodes.laptop.whenUnreachable = "skip";
}
