/**
 * A linux system as a store tree:
 *
 *     bin/switch-to-configuration   activates it (the interface of NixOS)
 *     bin/restore                   brings it into effect early in a boot
 *     bin/activate                  its activation scripts, if it has any
 *     lib/*.sh                      what these share
 *     manifest/                     what is managed, in lines (manifest.ts)
 *     etc/, units/                  links to the contents, for people
 *     system                        the Nix system
 *     nixus-secrets                 the secrets that it refers to, if any
 *
 * Each text is a store object of its own, so that a change of one sends and replaces one.
 */

import type { EvalStore } from "../../../lang/host.ts";
import { toBytes } from "../../../store/bytes.ts";
import type { TreeNode } from "../../../store/tree.ts";
import { renderSecretsManifest, secretsManifest } from "../../modules/secrets/manifest.ts";
import { entryPath, isUsed, type SystemSecret, stableDirectory } from "../../modules/secrets/secret.ts";
import { linkTree } from "./links.ts";
import {
  digest,
  fileLine,
  groupLine,
  kernelParameterLine,
  ManagedFiles,
  memberLines,
  unitLine,
  userLine,
} from "./manifest.ts";
import {
  checkAbsolutePath,
  checkAccountField,
  checkAccountName,
  checkHostName,
  checkId,
  checkNotReserved,
  checkOwner,
  checkRelativePath,
  checkUnitName,
  LinuxSystemError,
  mustBeCopied,
  normalMode,
  storeName,
} from "./names.ts";
import { nftablesRemoval, nftablesUnit } from "./nftables.ts";
import { activateUnitText, directory, regularFile, scriptTree } from "./scripts.ts";
import { withSecretTriggers } from "./secret-triggers.ts";
import { defaultAuthorizedKeysFiles, sshdConfig } from "./sshd-config.ts";
import {
  type ActivationScript,
  defaultUnitChange,
  type EtcFile,
  type LinuxSystem,
  type StoreText,
  type Unit,
  type User,
} from "./system.ts";

type SystemStore = Pick<EvalStore, "storeDir" | "addText" | "addTree" | "references">;

/**
 * Adds the system to the store and returns its store path, `/nix/store/<digest>-linux-system-<host name>`. The system
 * that manages nothing (`emptySystem`) is generation 0. Throws {@link LinuxSystemError} for what no machine could be
 * told safely.
 */
export function addLinuxSystem(store: SystemStore, system: LinuxSystem): string {
  return new SystemBuilder(store, system).add();
}

/** A program in the store; its path, to be named in a unit. `text` begins with a `#!` line. */
export function addScript(store: SystemStore, name: string, script: StoreText): string {
  return store.addTree(storeName(name), regularFile(script.text, true), script.references);
}

class SystemBuilder {
  readonly #store: SystemStore;
  readonly #system: LinuxSystem;
  readonly #files = new ManagedFiles();
  readonly #references = new Set<string>();
  readonly #etcLinks = new Map<string, string>();
  readonly #unitLinks = new Map<string, string>();
  readonly #settings: string[] = [];

  constructor(store: SystemStore, system: LinuxSystem) {
    this.#store = store;
    this.#system = system;
  }

  add(): string {
    const { system, hostName, users, groups, activationScripts, preSwitchChecks } = this.#system;
    for (const file of this.#system.etc) this.#addEtc(file);
    this.#addHostName();
    this.#addSshd();
    this.#addNetwork();
    this.#addKernelParameters();
    this.#addTmpfiles();
    const units = this.#allUnits();
    for (const unit of units) this.#addUnit(unit);
    this.#addActivation();
    this.#checkAccounts();
    const secrets = this.#addSecrets();

    const files = this.#files.sorted();
    const settings: string[] = this.#settings;
    if (hostName !== null) settings.push(`hostname ${hostName}\n`);
    for (const [daemon, places] of Object.entries(daemonFiles)) {
      const lines = files.filter(({ path }) => places.test(path)).map(fileLine);
      if (lines.length > 0) settings.push(`${daemon} ${digest(lines)}\n`);
    }
    const scripts = scriptTree(activationScripts, preSwitchChecks);
    const manifest = directory(
      Object.entries({
        version: "1\n",
        scripts: `${scripts.digest}\n`,
        files: files.map(fileLine).join(""),
        units: units.map(unitLine).join(""),
        users: users.filter(isOrdinary).map(userLine).join(""),
        groups: groups.map(groupLine).join(""),
        members: memberLines(users.filter(isOrdinary), groups),
        settings: settings.join(""),
        sysctl: this.#system.kernelParameters.map(kernelParameterLine).join(""),
      }).map(([file, text]) => [file, regularFile(text)]),
    );
    const tree = directory([
      ["bin", scripts.bin],
      ["lib", scripts.lib],
      ["manifest", manifest],
      ["etc", linkTree(this.#etcLinks)],
      ["units", linkTree(this.#unitLinks)],
      ["system", regularFile(system)],
      ...(secrets.length === 0
        ? []
        : [[secretsManifest, regularFile(renderSecretsManifest(secrets))] as const]),
    ]);
    const name = hostName === null ? "linux-system" : `linux-system-${hostName}`;
    return this.#store.addTree(name, tree, [...this.#references].sort());
  }

  #text(name: string, text: StoreText): string {
    const path = this.#store.addText(storeName(name), toBytes(text.text), [...text.references].sort());
    this.#references.add(path);
    return path;
  }

  #copy(option: string, path: string, source: string): void {
    this.#files.add(option, { kind: "copy", path, mode: "0444", user: "root", group: "root", source });
  }

  #addEtc(file: EtcFile): void {
    const option = `environment.etc."${file.path}"`;
    checkRelativePath(option, file.path);
    checkNotReserved(option, file.path);
    const source = this.#etcSource(option, file);
    const path = `/etc/${file.path}`;
    switch (file.mode.type) {
      case "symlink":
        if (mustBeCopied(file.path)) this.#copy(option, path, source);
        else this.#files.add(option, { kind: "link", path, target: source });
        break;
      case "append":
        this.#files.add(option, { kind: "append", path, source });
        break;
      case "copy": {
        const mode = normalMode(`${option}.mode`, file.mode.mode);
        checkOwner(`${option}.user`, file.mode.user);
        checkOwner(`${option}.group`, file.mode.group);
        this.#files.add(option, {
          kind: "copy",
          path,
          mode,
          user: file.mode.user,
          group: file.mode.group,
          source,
        });
      }
    }
    this.#etcLinks.set(file.path, source);
  }

  #etcSource(option: string, file: EtcFile): string {
    switch (file.contents.type) {
      case "text":
        return this.#text(`etc-${file.path.slice(file.path.lastIndexOf("/") + 1)}`, file.contents.text);
      case "source": {
        const { text, references } = file.contents.source;
        checkAbsolutePath(`${option}.source`, text);
        if (!text.startsWith(`${this.#store.storeDir}/`))
          throw new LinuxSystemError(
            `${option}.source`,
            `'${text}' is not in the store; name a path, not a string`,
          );
        for (const reference of references) this.#references.add(reference);
        return text;
      }
    }
  }

  #addHostName(): void {
    const { hostName } = this.#system;
    if (hostName === null) return;
    checkHostName("networking.hostName", hostName);
    const source = this.#text("etc-hostname", { text: `${hostName}\n`, references: [] });
    this.#copy("networking.hostName", "/etc/hostname", source);
    this.#etcLinks.set("hostname", source);
  }

  #addSshd(): void {
    const { sshd, users } = this.#system;
    const withKeys = users.filter(({ authorizedKeys }) => authorizedKeys.length > 0);
    if (sshd === null && withKeys.length === 0) return;
    for (const user of withKeys) {
      const option = `users.users."${user.name}".openssh.authorizedKeys.keys`;
      checkAccountName(option, user.name);
      if (user.authorizedKeys.some((key) => /[\n\r\0]/.test(key)))
        throw new LinuxSystemError(option, "each key must be a single line");
      // Copied, and root's: sshd refuses files in directories that others can write, as /nix/store is.
      const text = `${user.authorizedKeys.join("\n")}\n`;
      const source = this.#text(`authorized_keys-${user.name}`, { text, references: [] });
      this.#copy(option, `/etc/ssh/authorized_keys.d/${user.name}`, source);
    }
    const config = sshd?.config ?? "";
    const keyFiles = /^[ \t]*authorizedkeysfile[ \t=]/im.test(config)
      ? ""
      : sshdConfig(new Map(), defaultAuthorizedKeysFiles);
    // The first value of a keyword counts: ours must come before a Match block, and before other files.
    const source = this.#text("sshd_config", { text: `${keyFiles}${config}`, references: [] });
    this.#copy("services.openssh", "/etc/ssh/sshd_config.d/00-nixus.conf", source);
    this.#etcLinks.set("ssh/sshd_config.d/00-nixus.conf", source);
    if (!this.#files.has("/etc/ssh/sshd_config"))
      this.#files.add("services.openssh", { kind: "sshd-include", path: "/etc/ssh/sshd_config" });
  }

  #addNetwork(): void {
    for (const { name, text } of this.#system.network?.files ?? []) {
      const option = `systemd.network."${name}"`;
      checkRelativePath(option, name);
      if (!/^[^/]+\.(network|netdev)$/.test(name))
        throw new LinuxSystemError(
          option,
          "must end in .network or .netdev (.link files take effect before Nixus could put them back)",
        );
      const source = this.#text(name, text);
      // Below /run, as units are: does not outlive a power cut. The restorer puts it there before networkd starts.
      this.#copy(option, `/run/systemd/network/${name}`, source);
      this.#files.add(option, { kind: "absent", path: `/etc/systemd/network/${name}` });
      this.#etcLinks.set(`systemd/network/${name}`, source);
    }
  }

  /** The scripts set them; systemd does for an interface that appears later, with the file. */
  #addKernelParameters(): void {
    const { kernelParameters } = this.#system;
    if (kernelParameters.length === 0) return;
    const lines = kernelParameters.map(({ path, value }) => `${path} = ${value}\n`);
    const source = this.#text("sysctl.conf", { text: lines.join(""), references: [] });
    this.#copy("boot.kernel.sysctl", "/run/sysctl.d/zz-nixus.conf", source);
  }

  #addTmpfiles(): void {
    const { tmpfiles } = this.#system;
    if (tmpfiles === null) return;
    const path = "/run/tmpfiles.d/nixus.conf";
    this.#copy("systemd.tmpfiles.rules", path, this.#text("tmpfiles.conf", tmpfiles));
    this.#settings.push(`tmpfiles ${path}\n`);
  }

  #allUnits(): readonly Unit[] {
    const { units, network } = this.#system;
    const seen = new Set<string>();
    for (const { name } of units) {
      const option = `systemd.units."${name}"`;
      checkUnitName(option, name);
      if (/^nixus-(restore|activate|firewall)\.service$/.test(name))
        throw new LinuxSystemError(option, "is the name of a unit of Nixus itself; choose another");
      if (seen.has(name)) throw new LinuxSystemError(option, "is defined twice");
      seen.add(name);
    }
    const networkd = "systemd-networkd.service";
    const all = [...units, ...this.#nftables()];
    if (network !== null && network.files.length > 0 && !seen.has(networkd))
      all.push(enabledDistributionUnit(networkd, ["multi-user.target"]));
    return withSecretTriggers(all, this.#system.secrets).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #nftables(): readonly Unit[] {
    const { nftables } = this.#system;
    if (nftables === null) return [];
    const rules = this.#text("firewall.nft", { text: nftables, references: [] });
    const removal = this.#text("no-firewall.nft", { text: nftablesRemoval, references: [] });
    this.#settings.push(`nftables ${rules}\n`);
    return [nftablesUnit(rules, removal)];
  }

  #addUnit(unit: Unit): void {
    const option = `systemd.units."${unit.name}"`;
    const path = `/run/systemd/system/${unit.name}`;
    if (!unit.enable) {
      this.#files.add(option, { kind: "link", path, target: "/dev/null" });
      this.#files.add(option, { kind: "absent", path: `/etc/systemd/system/${unit.name}` });
      return;
    }
    if (unit.strategy === "whole") {
      const source = this.#text(unit.name, unit.text);
      this.#copy(option, path, source);
      // A unit of that name in /etc would win over the one in /run.
      this.#files.add(option, { kind: "absent", path: `/etc/systemd/system/${unit.name}` });
      this.#unitLinks.set(unit.name, source);
    } else if (unit.text.text !== "") {
      const source = this.#text(`${unit.name}-overrides.conf`, unit.text);
      this.#copy(option, `${path}.d/overrides.conf`, source);
      this.#unitLinks.set(`${unit.name}.d-overrides.conf`, source);
    }
    for (const trigger of [...unit.restartTriggers, ...unit.reloadTriggers])
      for (const reference of trigger.references) this.#references.add(reference);
    this.#addUnitLinks(option, unit);
  }

  #addUnitLinks(option: string, unit: Unit): void {
    for (const [names, suffix] of [
      [unit.wantedBy, "wants"],
      [unit.requiredBy, "requires"],
    ] as const)
      for (const name of new Set(names)) {
        checkUnitName(option, name);
        const path = `/run/systemd/system/${name}.${suffix}/${unit.name}`;
        this.#files.add(option, { kind: "link", path, target: `../${unit.name}` });
      }
    for (const alias of new Set(unit.aliases)) {
      checkUnitName(option, alias);
      this.#files.add(option, { kind: "link", path: `/run/systemd/system/${alias}`, target: unit.name });
      this.#files.add(option, { kind: "absent", path: `/etc/systemd/system/${alias}` });
    }
  }

  #addActivation(): void {
    const { activationScripts, preSwitchChecks } = this.#system;
    this.#addSnippets("system.activationScripts", activationScripts);
    this.#addSnippets("system.preSwitchChecks", preSwitchChecks);
    if (activationScripts.length === 0) return;
    const source = this.#text("nixus-activate.service", { text: activateUnitText, references: [] });
    this.#copy("system.activationScripts", "/run/systemd/system/nixus-activate.service", source);
  }

  /** Of secrets only those that are there before accounts are made, at the places that they have then. */
  #addPasswordFile(option: string, file: StoreText | null): void {
    if (file === null) return;
    checkAbsolutePath(option, file.text);
    checkAccountField(option, file.text);
    for (const reference of file.references) this.#references.add(reference);
    for (const { name, pointer, marker, early } of this.#system.secrets) {
      const set = `secrets.files."${name}"`;
      if (file.references.includes(marker)) {
        throw new LinuxSystemError(
          option,
          `${set}.path is not there yet when accounts are made; write ${set}.file`,
        );
      }
      if (file.references.includes(pointer) && !early) {
        throw new LinuxSystemError(
          option,
          `the secret is not there yet when accounts are made; set ${set}.neededForUsers to true`,
        );
      }
    }
  }

  /**
   * The secrets that something refers to, with their links at stable paths. Those that asked for no other place are in
   * one directory in the store: to link to it is one change on the machine, however many they are.
   */
  #addSecrets(): readonly SystemSecret[] {
    const { secrets } = this.#system;
    const option = ({ name }: SystemSecret) => `secrets.files."${name}"`;
    for (const { pointer, explicitPath, early } of secrets) {
      if (explicitPath !== null || early) this.#references.add(pointer);
    }
    const reached = secrets.length === 0 ? new Set<string>() : closureOf(this.#store, this.#references);
    const used = secrets.filter((secret) => isUsed(secret, reached));
    const links = new Map<string, TreeNode>();
    for (const secret of used) {
      this.#references.add(secret.pointer);
      const target = entryPath(secret.entry);
      if (secret.explicitPath === null) {
        links.set(secret.name, { type: "symlink", target });
      } else {
        checkAbsolutePath(`${option(secret)}.path`, secret.explicitPath);
        this.#files.add(option(secret), { kind: "link", path: secret.explicitPath, target });
      }
    }
    if (links.size > 0) {
      const target = this.#store.addTree("nixus-secrets", directory(links));
      this.#references.add(target);
      this.#files.add("secrets.files", { kind: "link", path: stableDirectory, target });
    }
    return used;
  }

  #addSnippets(option: string, snippets: readonly ActivationScript[]): void {
    for (const { name, text } of snippets) {
      if (!/^[A-Za-z0-9_.+-]+$/.test(name))
        throw new LinuxSystemError(`${option}."${name}"`, "the name may only have letters, digits and _.+-");
      for (const reference of text.references) this.#references.add(reference);
    }
  }

  #checkAccounts(): void {
    const { users, groups } = this.#system;
    const ids = new Map<string, string>();
    const unique = (kind: "user" | "group", name: string, id: number | null): void => {
      const option = `users.${kind}s."${name}"`;
      checkAccountName(option, name);
      checkId(`${option}.${kind === "user" ? "uid" : "gid"}`, id);
      for (const key of [`${kind} ${name}`, ...(id === null ? [] : [`${kind} id ${id}`])]) {
        const other = ids.get(key);
        if (other !== undefined) throw new LinuxSystemError(option, `has the same name or id as '${other}'`);
        ids.set(key, name);
      }
    };
    for (const group of groups) {
      unique("group", group.name, group.gid);
      for (const member of group.members) checkAccountName(`users.groups."${group.name}".members`, member);
    }
    for (const user of users) {
      if (user.name === "root") {
        checkRoot(user);
        continue;
      }
      const option = `users.users."${user.name}"`;
      unique("user", user.name, user.uid);
      if (user.group === null) throw new LinuxSystemError(option, "has no primary group; set `group`");
      for (const group of [user.group, ...user.extraGroups]) checkAccountName(option, group);
      if (user.home !== null) checkAbsolutePath(`${option}.home`, user.home);
      if (user.shell !== null) {
        checkAbsolutePath(`${option}.shell`, user.shell);
      }
      checkAccountField(`${option}.description`, user.description);
      checkAccountField(`${option}.hashedPassword`, user.hashedPassword ?? "");
      this.#addPasswordFile(`${option}.hashedPasswordFile`, user.hashedPasswordFile);
    }
  }
}

/** Files by whose change a daemon that is no unit of the system learns that it must read them again. */
const daemonFiles = {
  sshd: /^\/etc\/ssh\/sshd_config(\.d\/|$)/,
  network: /^\/(run|etc)\/systemd\/network\//,
} as const;

function isOrdinary(user: User): boolean {
  return user.name !== "root";
}

function checkRoot(user: User): void {
  const password = user.hashedPassword ?? user.hashedPasswordFile;
  if (user.shell !== null || password !== null || user.extraGroups.length > 0)
    throw new LinuxSystemError(
      "users.users.root",
      "root's login on a guest machine is never touched; only openssh.authorizedKeys.keys can be set",
    );
}

/** A unit that the distribution has, started by these targets as `systemctl enable` would make it. */
function enabledDistributionUnit(name: string, wantedBy: readonly string[]): Unit {
  return {
    name,
    text: { text: "", references: [] },
    strategy: "drop-in",
    enable: true,
    wantedBy,
    requiredBy: [],
    aliases: [],
    change: defaultUnitChange,
    restartTriggers: [],
    reloadTriggers: [],
  };
}

/** All store paths that these lead to. */
function closureOf(store: SystemStore, paths: Iterable<string>): ReadonlySet<string> {
  const found = new Set(paths);
  for (const path of found) for (const reference of store.references(path)) found.add(reference);
  return found;
}
