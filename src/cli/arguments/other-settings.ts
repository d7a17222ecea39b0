/** The settings of Nix 2.34 for building, fetching, shells and the like, which change nothing about a value (nix.conf manual). */

export const withoutEffect = {
  boolean: names(`
    accept-flake-config allow-dirty-locks
    allow-new-privileges allow-symlinked-store allow-unsafe-native-code-during-evaluation
    always-allow-substitutes auto-allocate-uids auto-optimise-store builders-use-substitutes
    compress-build-log debugger-on-trace debugger-on-warn eval-cache fallback filter-syscalls
    fsync-metadata fsync-store-paths http2 ignore-try impersonate-linux-26 keep-build-log
    keep-derivations keep-env-derivations keep-failed keep-going keep-outputs
    nix-shell-always-looks-for-shell-nix nix-shell-shebang-arguments-relative-to-script
    preallocate-contents print-missing require-drop-supplementary-groups require-sigs run-diff-hook
    sandbox sandbox-fallback substitute sync-before-registering trace-function-calls
    trace-import-from-derivation trust-tarballs-from-git-forges use-case-hack use-cgroups
    use-registries use-sqlite-wal use-xdg-base-directories
  `),
  words: names(`
    access-tokens allowed-impure-host-deps allowed-users build-hook external-builders
    extra-platforms hashed-mirrors ignored-acls impure-env plugin-files sandbox-paths
    secret-key-files substituters system-features trusted-public-keys trusted-substituters
    trusted-users
  `),
  word: names(`
    bash-prompt bash-prompt-prefix bash-prompt-suffix build-dir build-poll-interval
    build-users-group builders commit-lock-file-summary connect-timeout cores diff-hook
    download-attempts download-buffer-size download-speed eval-attrset-update-layer-rhs-threshold
    eval-profile-file eval-profiler eval-profiler-frequency flake-registry gc-reserved-space
    http-connections id-count json-log-path log-lines max-build-log-size max-free
    max-jobs max-silent-time max-substitution-jobs min-free min-free-check-interval nar-buffer-size
    narinfo-cache-meta-ttl narinfo-cache-negative-ttl narinfo-cache-positive-ttl netrc-file
    post-build-hook pre-build-hook sandbox-build-dir sandbox-dev-shm-size ssl-cert-file
    stalled-download-timeout start-id tarball-ttl timeout upgrade-nix-store-path-url
    user-agent-suffix warn-large-path-threshold
  `),
};

function names(text: string): readonly string[] {
  return text.split(/\s+/).filter((name) => name !== "");
}
