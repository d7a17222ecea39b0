# Twenty machines of a small company. `nixus deploy -f examples/company @web`, `'!@office'`, `'db-*'` ...
#
#   gate                 the way in: server of both VPNs, first name server
#   web-1 ... web-6      the site
#   db-1 ... db-3        its databases, reached by web alone
#   files, mail, ns      storage, mail, second name server
#   build-1, build-2     continuous integration
#   monitor              looks at all of them
#   desk-1 ... desk-4    laptops of the people, in the office and out of it
#
# servers.nix and office.nix are the two VPNs; secrets.nix says what is secret and who gets it.
{ config, lib, ... }:
let
  numbered = name: count: map (number: "${name}-${toString number}") (lib.range 1 count);
  machines = {
    gate = [ "gate" ];
    web = numbered "web" 6;
    db = numbered "db" 3;
    storage = [ "files" ];
    mail = [ "mail" ];
    dns = [ "ns" ];
    build = numbered "build" 2;
    monitoring = [ "monitor" ];
    office = numbered "desk" 4;
  };
  public = {
    gate = "192.0.2.1";
    ns = "192.0.2.2";
    mail = "192.0.2.3";
  }
  // lib.listToAttrs (lib.imap1 (number: name: lib.nameValuePair name "192.0.2.${toString (10 + number)}") machines.web);
in
{
  imports = [
    ./vpn.nix
    ./dns.nix
    ./secrets.nix
  ];

  defaults =
    { name, ... }:
    {
      host = lib.mkDefault "root@${name}.company.example.com";
      platform = "linux";
      # Who may decrypt the generated secrets: the recipients of those who deploy (age). Nobody has this one.
      deployers = [ "age1lr06xwtmejnm3h8f9jm5590ayexxgtzhvq7fjr07ldcm5xu2rqrqqanu5q" ];
      configuration = {
        networking.hostName = name;
        networking.firewall.enable = true;
        networking.public.ipv4 = public.${name} or null;
      };
    };

  nodes = lib.mkMerge [
    (lib.concatMapAttrs (tag: lib.flip lib.genAttrs (_: { tags = [ tag ]; })) machines)

    (lib.genAttrs machines.web (_: {
      configuration = ./web.nix;
      after = machines.db;
    }))
    # All three on the new system, or none.
    (lib.genAttrs machines.db (_: {
      configuration = ./db.nix;
      atomicGroup = "databases";
    }))
    # Laptops are often closed.
    (lib.genAttrs machines.office (_: {
      whenUnreachable = "skip";
    }))
  ];
}
