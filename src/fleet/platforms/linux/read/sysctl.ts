/** `boot.kernel.sysctl` as files below /proc/sys. */
import { NixError } from "../../../../lang/eval/errors.ts";
import { type Attrs, force } from "../../../../lang/eval/value.ts";
import type { Reader } from "../../../reader.ts";
import type { KernelParameter } from "../system.ts";

export function readSysctl(reader: Reader, config: Attrs): KernelParameter[] {
  return reader
    .entries(reader.at(config, "boot", "kernel", "sysctl"), (name, slot): KernelParameter | null => {
      const value = force(slot);
      if (value === null) return null;
      const option = `boot.kernel.sysctl."${name}"`;
      return { path: parameterPath(name, option), value: valueText(reader, value, option) };
    })
    .filter((parameter) => parameter !== null);
}

function valueText(reader: Reader, value: ReturnType<typeof force>, option: string): string {
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "bigint") return String(value);
  return reader.plain(value, option);
}

/**
 * Where the kernel has it, relative to /proc/sys. As in sysctl.d(5): when the first separator is a dot, dots and
 * slashes stand for each other, otherwise the name is the path.
 */
function parameterPath(name: string, option: string): string {
  const swapped = /^[^/]*\./.test(name);
  const path = swapped ? name.replace(/[./]/g, (separator) => (separator === "." ? "/" : ".")) : name;
  const segments = path.split("/");
  if (
    segments.length < 2 ||
    segments.some((segment) => !/^[A-Za-z0-9_@:.-]+$/.test(segment) || /^\.\.?$/.test(segment))
  )
    throw new NixError(
      "module",
      `'${option}' is not the name of a kernel parameter, such as "net.ipv4.ip_forward"`,
    );
  return path;
}
