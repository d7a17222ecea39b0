/** Source in the style of packages, modules and libraries, for tests that damage it. */
export const samples: readonly string[] = [
  `{ lib, stdenv, fetchurl, openssl ? null, enableTls ? openssl != null, ... }@args:

assert enableTls -> openssl != null;

stdenv.mkDerivation rec {
  pname = "hello-\${lib.optionalString enableTls "tls"}";
  version = "2.12.1"; # released
  src = fetchurl {
    url = "https://example.org/\${pname}/\${version}.tar.gz";
    sha256 = "0000000000000000000000000000000000000000000000000000";
  };
  patches = [ ./fix-build.patch ../common/\${version}.patch ] ++ lib.optional (!enableTls) ./no-tls.patch;
  buildInputs = with args; [ openssl (zlib.override { static = true; }) ];
  postPatch = ''
    substituteInPlace Makefile \\
      --replace '/usr' "$out" # $$ and ''\${HOME} stay
      for f in \${toString patches}; do
        echo ''\\t "$f"
      done
  '';
  meta = { inherit (lib.licenses) mit; description = "Greets"; priority = -5; homepage = http://example.org/a; };
}
`,
  `{ config, pkgs, lib, ... }:
let
  inherit (lib) mkIf mkOption types;
  cfg = config.services."my service";
  fix = f: let x = f x; in x;
  old = let { body = a; a = 1; };
in {
  options.services."my service" = {
    enable = mkOption { type = types.bool; default = false; };
    settings.\${"port"} = mkOption { type = with types; nullOr (ints.between 1 65535); default = null; };
  };
  config = mkIf (cfg.enable && cfg ? settings.port or false || pkgs.stdenv.isLinux == true) {
    systemd.services.x.serviceConfig = { ExecStart = "\${pkgs.x}/bin/x" + " -v"; } // cfg.extra or { };
    systemd.services.x.wantedBy = [ "multi-user.target" ];
    environment.etc.\${"a" + "b"}.text = ''
      [main]
        value = \${if cfg.settings.port >= 1024 then "high" else "low"}

    '';
  };
}
`,
  `rec {
  /* Numbers */ ints = [ 0 1 9223372036854775807 1.5 .5 1.e3 (-2) (1 - 2 * 3 / 4) ];
  compose = f: g: x: f (g x);
  flip = f: a: b: f b a;
  paths = [ <nixpkgs> <nixpkgs/lib> ~/x /etc/hosts a/b ./. ];
  a.b.c = 1; a.b.d = { e = 2; }; a.b.d.f = __curPos;
  call = { x, y ? x, ... }@self: self.z or (x.\${y}."q r" or or');
  "quoted name" = ! true -> false;
  uri = map (u: u) [ x:x git+ssh://host/path ];
}
`,
];
