/**
 * A root directory to which systems are applied by the real scripts, in namespaces of their own: /usr is this
 * machine's, everything else is scratch. systemctl and networkctl are programs that keep their state in files; sync
 * does nothing, which a kill (unlike a power cut) cannot notice.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { LinuxSystem } from "../../../src/fleet/platforms/linux/system.ts";
import { addLinuxSystem } from "../../../src/fleet/platforms/linux/tree.ts";
import type { TreeNode } from "../../../src/store/tree.ts";
import { VirtualStore } from "../../../src/store/virtual-store.ts";

/** By absolute path. */
export type FoundFiles = Readonly<
  Record<string, { readonly text: string; readonly mode?: number } | { readonly link: string }>
>;

export interface Outcome {
  readonly status: number | null;
  /** Whether `killAtStep` was reached. */
  readonly killed: boolean;
  readonly output: string;
}

export interface ApplyOptions {
  readonly shell?: "dash" | "bash";
  /** `switch-to-configuration ACTION`, or the program that runs early in a boot. */
  readonly action?: "test" | "switch" | "boot" | "dry-activate" | "restore";
  /** Kills the shell and all that it started before its n-th command that may change something (bash only). */
  readonly killAtStep?: number;
}

const enterScript = `
set -eu
root=$1 fakes=$2
shift 2
mount --make-rprivate /
mount --bind /usr "$root/usr"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
for fake in "$fakes"/*; do mount --bind "$fake" "$root/usr/bin/\${fake##*/}"; done
hostname scratch
exec setsid --wait chroot "$root" "$@"
`;

/** Before each command of the activation: counts those that may change something, and ends all at the n-th. */
const killer = `
set -T
nixus_test_steps=0
nixus_test_step() {
  case $BASH_COMMAND in
    'mv '* | 'cp '* | 'ln '* | 'rm '* | 'rmdir '* | 'mkdir '* | 'chmod '* | 'chown '* | 'cat '* | 'systemctl '* | 'sync '* | *'>'*)
      nixus_test_steps=$((nixus_test_steps + 1))
      if [ "$nixus_test_steps" -ge "$NIXUS_TEST_KILL" ]; then
        : >/killed
        kill -KILL -- "-$$"
      fi
      ;;
  esac
}
trap nixus_test_step DEBUG
`;

/** Units run when /run/fake/active/NAME exists; a start of one whose file has the line \`# fails\` makes it fail. */
const systemctl = `#!/bin/sh
mkdir -p /run/fake/active /run/fake/failed
echo "$*" >>/run/fake/log
verb=$1
shift
find_unit() {
  for dir in /etc/systemd/system /run/systemd/system /distribution/units; do
    if [ -e "$dir/$1" ] || [ -L "$dir/$1" ]; then unit=$dir/$1; return 0; fi
  done
  return 1
}
properties=
while [ $# -gt 0 ]; do
  case $1 in
    -p) properties="$properties $2"; shift 2 ;;
    -n) shift 2 ;;
    -*) shift ;;
    *) break ;;
  esac
done
status=0
for name; do
  case $verb in
    is-active)
      case $name in *.target) echo active ;; *)
        if [ -e "/run/fake/active/$name" ]; then echo active; else echo inactive; status=3; fi ;;
      esac ;;
    is-enabled) status=1 ;;
    show)
      case $properties in
        *ActiveState*)
          if find_unit "$name"; then echo LoadState=loaded; else echo LoadState=not-found; fi
          if [ -e "/run/fake/failed/$name" ]; then echo ActiveState=failed; else echo ActiveState=active; fi ;;
        *LoadState*) if find_unit "$name"; then echo loaded; else echo not-found; fi ;;
        *Job*) echo 0 ;;
      esac ;;
    stop) rm -f "/run/fake/active/$name" ;;
    start | restart | reload)
      rm -f "/run/fake/failed/$name"
      if ! find_unit "$name"; then status=5
      elif [ "$(readlink "$unit")" = /dev/null ]; then status=1
      elif grep -qs '^# fails' "$unit"; then : >"/run/fake/failed/$name"; rm -f "/run/fake/active/$name"; status=1
      else
        mkdir -p /run/fake/active
        cat "$unit" "$unit.d"/* "/run/systemd/system/$name.d"/* >"/run/fake/active/$name" 2>/dev/null
      fi ;;
  esac
done
exit $status
`;

const nothing = "#!/bin/sh\nexit 0\n";

export class ScratchRoot {
  readonly directory: string;
  readonly store = new VirtualStore();
  readonly #written = new Set<string>();

  constructor(found: FoundFiles = {}) {
    this.directory = mkdtempSync(join(tmpdir(), "nixus-scratch-"));
    for (const name of [
      "dev",
      "proc",
      "usr",
      "run",
      "tmp",
      "home",
      "nix/store",
      "var/lib",
      "etc/systemd/system",
    ])
      mkdirSync(join(this.directory, "root", name), { recursive: true });
    for (const name of ["bin", "sbin", "lib", "lib64"]) symlinkSync(`usr/${name}`, this.path(`/${name}`));
    for (const [path, file] of Object.entries({ ...accountFiles, ...found })) {
      mkdirSync(dirname(this.path(path)), { recursive: true });
      if ("link" in file) symlinkSync(file.link, this.path(path));
      else {
        writeFileSync(this.path(path), file.text);
        chmodSync(this.path(path), file.mode ?? 0o644);
        utimesSync(this.path(path), 1_500_000_000, 1_500_000_000);
      }
    }
    const fakes = join(this.directory, "fakes");
    mkdirSync(fakes);
    for (const [name, text] of Object.entries({
      systemctl,
      networkctl: nothing,
      sync: nothing,
      sleep: nothing,
    }))
      writeFileSync(join(fakes, name), text, { mode: 0o755 });
    writeFileSync(this.path("/killer"), killer);
  }

  path(path: string): string {
    return join(this.directory, "root", path);
  }

  /** Puts the system into the root's store; its store path. */
  add(system: LinuxSystem): string {
    const path = addLinuxSystem(this.store, system);
    for (const object of this.store.closure([path])) {
      if (this.#written.has(object.path)) continue;
      this.#written.add(object.path);
      writeTree(this.path(object.path), object.tree);
    }
    return path;
  }

  apply(system: LinuxSystem, options: ApplyOptions = {}): Outcome {
    const { shell = "dash", action = "test", killAtStep } = options;
    const path = this.add(system);
    const program =
      action === "restore" ? [`${path}/bin/restore`] : [`${path}/bin/switch-to-configuration`, action];
    const env: Record<string, string> = { PATH: process.env["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin" };
    if (killAtStep !== undefined)
      Object.assign(env, { BASH_ENV: "/killer", NIXUS_TEST_KILL: String(killAtStep) });
    const result = spawnSync(
      "unshare",
      [
        ...unshareArguments(),
        ...["sh", "-c", enterScript, "sh", this.path("/"), join(this.directory, "fakes")],
        ...[killAtStep === undefined ? shell : "bash", ...program],
      ],
      { encoding: "utf8", env },
    );
    return {
      status: result.status,
      killed: killAtStep !== undefined && this.exists("/killed"),
      output: result.stdout + result.stderr,
    };
  }

  /** A reboot: what is volatile goes. */
  reboot(): void {
    rmSync(this.path("/run"), { recursive: true });
    mkdirSync(this.path("/run"));
  }

  read(path: string): string {
    return readFileSync(this.path(path), "utf8");
  }

  edit(path: string, text: string): void {
    writeFileSync(this.path(path), text);
  }

  exists(path: string): boolean {
    return existsSync(this.path(path));
  }

  /** Everything below /etc, /home and the places of units: path to type, mode, contents; files also with mtime. */
  snapshot(options: { readonly times?: boolean } = {}): Record<string, string> {
    const found: Record<string, string> = {};
    const visit = (path: string) => {
      const full = this.path(path);
      const stat = lstatSync(full, { throwIfNoEntry: false });
      if (stat === undefined) return;
      const mode = (stat.mode & 0o7777).toString(8);
      const owner = `${mode} ${stat.uid}:${stat.gid}`;
      if (stat.isSymbolicLink()) found[path] = `link ${readlinkSync(full)}`;
      else if (stat.isDirectory()) {
        found[path] = `directory ${owner}`;
        for (const name of readdirSync(full)) visit(`${path}/${name}`);
      } else {
        // The account files are made anew; their text is what counts.
        const times =
          options.times === true && !/\/(passwd|group|g?shadow)$/.test(path) ? ` ${stat.mtimeMs}` : "";
        found[path] = `file ${owner}${times} ${readFileSync(full, "utf8")}`;
      }
    };
    for (const path of ["/etc", "/run/systemd"]) visit(path);
    return found;
  }

  /** What systemctl was told since the last call, without questions. */
  takeCommands(): string[] {
    const log = this.path("/run/fake/log");
    if (!existsSync(log)) return [];
    const lines = readFileSync(log, "utf8").trimEnd().split("\n");
    rmSync(log);
    return lines.filter((line) => !/^(is-active|is-enabled|show|status|reset-failed)/.test(line));
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function unshareArguments(): string[] {
  const own = ["--mount", "--uts"];
  return process.getuid?.() === 0 ? own : ["--user", "--map-root-user", ...own];
}

/** Whether namespaces can be made here, without which no scratch root works. */
export function scratchRootsWork(): boolean {
  return spawnSync("unshare", [...unshareArguments(), "mount", "--make-rprivate", "/"]).status === 0;
}

function writeTree(path: string, tree: TreeNode): void {
  switch (tree.type) {
    case "symlink":
      symlinkSync(tree.target, path);
      break;
    case "directory":
      mkdirSync(path, { recursive: true });
      for (const [name, node] of tree.entries) writeTree(join(path, name), node);
      break;
    case "regular":
      if (!(tree.contents instanceof Uint8Array)) throw new Error("systems are made of texts");
      writeFileSync(path, tree.contents);
      chmodSync(path, tree.executable ? 0o555 : 0o444);
  }
}

/** An untouched Debian, in short. */
const accountFiles: FoundFiles = {
  "/etc/passwd": {
    text: [
      "root:x:0:0:root:/root:/bin/bash",
      "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin",
      "admin:x:1000:1000:Admin,,,:/home/admin:/bin/bash",
      "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin",
      "",
    ].join("\n"),
  },
  "/etc/shadow": {
    text: [
      "root:$y$j9T$root:19000:0:99999:7:::",
      "daemon:*:19000:0:99999:7:::",
      "admin:$y$x:19000:0:99999:7:::",
      "",
    ].join("\n"),
    mode: 0o640,
  },
  "/etc/group": {
    text: [
      "root:x:0:",
      "daemon:x:1:",
      "sudo:x:27:admin",
      "users:x:100:",
      "admin:x:1000:",
      "nogroup:x:65534:",
      "",
    ].join("\n"),
  },
  "/etc/gshadow": {
    text: ["root:*::", "daemon:*::", "sudo:*::admin", "users:*::", "admin:!::", "nogroup:*::", ""].join("\n"),
    mode: 0o640,
  },
};
