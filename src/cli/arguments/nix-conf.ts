/**
 * The settings that Nix's own programs start with, before their flags: those of nix.conf, of the machine and of the user, and those of
 * the variable NIX_CONFIG (nix.conf manual).
 */
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UsageError } from "../errors.ts";
import { type Settings, setSetting } from "./settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Later ones win; settings that mean nothing here are passed over. Throws a {@link UsageError}. */
export function configuredSettings(env: Environment): Settings {
  const settings: Settings = new Map();
  for (const file of configurationFiles(env)) applyFile(settings, env, file);
  const { NIX_CONFIG } = env;
  if (NIX_CONFIG !== undefined) apply(settings, env, NIX_CONFIG, "NIX_CONFIG");
  return settings;
}

/** The user's in the order in which they are read: the first named is the last. */
function configurationFiles(env: Environment): readonly string[] {
  const { NIX_CONF_DIR = "/etc/nix", NIX_USER_CONF_FILES } = env;
  const user = NIX_USER_CONF_FILES?.split(":") ?? configurationDirectories(env).map(ofNix);
  return [join(NIX_CONF_DIR, "nix.conf"), ...user.filter((file) => file !== "").reverse()];
}

function ofNix(directory: string): string {
  return join(directory, "nix", "nix.conf");
}

/** XDG Base Directory Specification. */
function configurationDirectories(env: Environment): readonly string[] {
  const { HOME, XDG_CONFIG_HOME, XDG_CONFIG_DIRS = "/etc/xdg" } = env;
  const own = XDG_CONFIG_HOME ?? (HOME && join(HOME, ".config"));
  return [...(own ? [own] : []), ...XDG_CONFIG_DIRS.split(":").filter((each) => each !== "")];
}

/** False: it cannot be read. */
function applyFile(settings: Settings, env: Environment, file: string): boolean {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return false;
  }
  apply(settings, env, text, file);
  return true;
}

function apply(settings: Settings, env: Environment, text: string, source: string): void {
  for (const line of text.split("\n")) {
    const words = line.replace(/#.*/, "").split(/\s+/).filter(Boolean);
    const [name, equals, ...values] = words;
    if (name === undefined) continue;
    if ((name === "include" || name === "!include") && words.length === 2) {
      if (!applyFile(settings, env, resolve(dirname(source), words[1]!)) && name === "include") {
        throw new UsageError(`file '${words[1]}' included from '${source}' not found`);
      }
    } else if (equals !== "=") {
      throw new UsageError(`syntax error in configuration line '${line}' in '${source}'`);
    } else if (!/^(?:extra-)?nix-path$/.test(name) || env["NIX_PATH"] === undefined) {
      setSetting(settings, name, values.join(" "));
    }
  }
}
