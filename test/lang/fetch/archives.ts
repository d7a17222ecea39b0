/** Archives made byte by byte or by the programs of this machine, and a server to fetch them from. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

export interface Entry {
  readonly name: string;
  readonly type?: string;
  readonly contents?: string;
  readonly target?: string;
  readonly mode?: number;
}

/** A tape archive of exactly these entries, well-formed or not. */
export function tar(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ name, type = "0", contents = "", target = "", mode = 0o644 }) => {
    const header = Buffer.alloc(512);
    const data = Buffer.from(contents, "latin1");
    header.write(name, 0, 100, "latin1");
    header.write(`${mode.toString(8).padStart(7, "0")}\0`, 100);
    header.write(`${data.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write(type, 156);
    header.write(target, 157, 100, "latin1");
    header.write("ustar\x0000", 257, "latin1");
    header.fill(" ", 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** A pax record, whose length counts itself. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const length = rest.length + String(rest.length + 2).length;
  return `${length}${rest}`;
}

export function hasProgram(name: string): boolean {
  return spawnSync(name, ["--version"]).error === undefined;
}

const serverScript = `
const fs = require("node:fs"), http = require("node:http"), path = require("node:path");
const root = process.argv[1];
const server = http.createServer((request, response) => {
  if (request.url === "/redirect") return response.writeHead(302, { location: "/file" }).end();
  const file = path.join(root, decodeURIComponent(request.url.split("?")[0]));
  if (!fs.existsSync(file)) return response.writeHead(404).end();
  response.end(fs.readFileSync(file));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;

export interface FileServer extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
}

/** Serves a directory over HTTP, in a process of its own since fetching blocks this one. */
export async function serve(directory: string): Promise<FileServer> {
  const child = spawn(process.execPath, ["-e", serverScript, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  return {
    url: `http://127.0.0.1:${port.toString().trim()}`,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, "exit");
    },
  };
}
