import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { childrenOf, poll, processStatus, signalProcess } from "./process.ts";

/**
 * The namespaces of a lab: network, mounts and processes. All live as long as one process, the holder, which is the
 * first in its process namespace: when it goes, the kernel ends everything in the lab and removes its network and
 * mounts. It goes when the process that made the lab goes, however that ends, because it waits for the end of a pipe.
 */
export interface Namespaces {
  /** The holder's process id. */
  readonly pid: number;
  /** The command line that runs another one in the namespaces, in a working directory. */
  enter(argv: readonly string[], cwd?: string): string[];
  /** Ends everything in the namespaces; they are gone when this resolves. */
  remove(): Promise<void>;
}

/** Deployer's side of the private network of every lab. Labs cannot see each other's. */
export const bridge = "br0";
export const gateway = "10.44.0.1";
export const prefixLength = 24;

/** Runs as the first process of the namespaces: $1 is the passwd file, $2 the hosts file that the deployer sees. */
const holderScript = `
set -eu
mount --bind "$1" /etc/passwd
mount --bind "$2" /etc/hosts
ip link set lo up
ip link add ${bridge} type bridge stp_state 0 forward_delay 0
ip address add ${gateway}/${prefixLength} dev ${bridge}
ip link set ${bridge} up
echo ready
cat >/dev/null
`;

/** Makes the namespaces. The two files are those that /etc/passwd and /etc/hosts are to be inside. */
export async function createNamespaces(files: { passwd: string; hosts: string }): Promise<Namespaces> {
  const unshare = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const child = spawn(
    "unshare",
    [...unshare, "/bin/sh", "-c", holderScript, "sh", files.passwd, files.hosts],
    // Its own session: an interrupt from the terminal is for the owner, the lab goes after it.
    { stdio: ["pipe", "pipe", "pipe"], detached: true },
  );
  await ready(child);
  const pid = await poll("the lab's namespaces", 5000, () => childrenOf(child.pid ?? 0)[0]);
  // The lab does not keep its owner from ending.
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr])
    (stream as unknown as Unref | null)?.unref?.();

  return {
    pid,
    enter: (argv, cwd = "/") => [
      ...["nsenter", "--target", String(pid), "--net", "--mount", "--pid", "--"],
      ...["/bin/sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", cwd, ...argv],
    ],
    async remove() {
      const gone = child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
      child.ref();
      signalProcess(pid, "SIGKILL");
      await gone;
      await poll("end of the lab's processes", 20_000, () => (processStatus(pid) ? undefined : true));
    },
  };
}

/** What pipes to a child process have beyond streams. */
interface Unref {
  unref?(): void;
}

/** Waits for the word of the holder; throws with what it said instead. */
async function ready(child: ChildProcess): Promise<void> {
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  await new Promise<void>((resolve, reject) => {
    child.once("error", (cause) => reject(new Error("cannot run unshare", { cause })));
    child.once("exit", (code) => {
      const status = `status ${code}`;
      reject(
        new Error(`cannot make the namespaces of a lab (${status}), which takes root: ${errors.trim()}`),
      );
    });
    child.stdout?.once("data", () => resolve());
  });
}
