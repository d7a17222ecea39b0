# Mail for a domain: postfix, dovecot, filters, web mail.
{ pkgs, ... }: {
  boot.loader.grub.device = "/dev/vda";
  fileSystems."/".device = "/dev/vda1";
  networking.hostName = "mail";
  networking.domain = "example.org";
  services.postfix = {
    enable = true;
    hostname = "mail.example.org";
    destination = [ "example.org" "localhost" ];
    enableSubmission = true;
    virtual = "postmaster@example.org root\n";
    config.smtpd_tls_security_level = "may";
    masterConfig.policy = {
      type = "unix";
      privileged = true;
      command = "spawn";
      args = [ "user=nobody" "argv=${pkgs.coreutils}/bin/true" ];
    };
  };
  services.dovecot2 = {
    enable = true;
    enablePop3 = false;
    mailLocation = "maildir:~/Maildir";
    modules = [ pkgs.dovecot_pigeonhole ];
  };
  services.rspamd.enable = true;
  services.redis.enable = true;
  services.opendkim = {
    enable = true;
    selector = "s1";
    domains = "csl:example.org";
  };
  services.roundcube = {
    enable = true;
    hostName = "webmail.example.org";
  };
  security.acme.acceptTerms = true;
  security.acme.email = "hostmaster@example.org";
}
