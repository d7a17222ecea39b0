/** What a key may be used for: options of sshd(8), AUTHORIZED_KEYS FILE FORMAT, under their own names. */
import { NixString } from "../../../lang/eval/value.ts";
import { type ConfigOf, option } from "../../../modules/define.ts";
import { concatText, StoreString } from "../../../modules/store-string.ts";
import { t } from "../../../modules/types/index.ts";

/** A command may be a program of the store. */
type Text = string | StoreString;

/** sshd knows no way to write a backslash in front of the closing quote. */
const value = t.addCheck(t.singleLineStr, (text: Text) => !charactersOf(text).endsWith("\\"));

const flag = (description: string) => option({ type: t.bool, default: false, description });
const text = (description: string) => option({ type: t.nullOr(value), default: null, description });
const list = (description: string) => option({ type: t.listOf(value), default: [], description });

export const keyOptions = {
  "agent-forwarding": flag("Allow agent forwarding again after `restrict`."),
  "cert-authority": flag("The key is a certificate authority's, whose certificates may log in."),
  command: text("The command that is run, whatever the client asks for."),
  environment: list("Variables that are set, `NAME=value`. sshd must have `PermitUserEnvironment`."),
  "expiry-time": option({
    type: t.nullOr(t.strMatching("[0-9]{8}([0-9]{4}([0-9]{2})?)?Z?")),
    default: null,
    example: "20271231Z",
    description: "When the key ends, `YYYYMMDD[HHMM[SS]]`; with `Z` behind it in UTC.",
  }),
  from: list("Patterns of host names and addresses that the client may come from; `!` in front forbids."),
  "no-agent-forwarding": flag("No agent forwarding."),
  "no-port-forwarding": flag("No port forwarding."),
  "no-pty": flag("No terminal."),
  "no-touch-required": flag("Accept signatures of a security key that was not touched."),
  "no-user-rc": flag("`~/.ssh/rc` is not run."),
  "no-X11-forwarding": flag("No X11 forwarding."),
  permitlisten: list("`[host:]port` that remote forwarding may listen on."),
  permitopen: list("`host:port` that local forwarding may connect to."),
  "port-forwarding": flag("Allow port forwarding again after `restrict`."),
  principals: list("Names that a certificate must have one of, with `cert-authority`."),
  pty: flag("Allow a terminal again after `restrict`."),
  restrict: flag("Nothing but running commands: no forwarding, no terminal, no `~/.ssh/rc`."),
  tunnel: text("Number of the tunnel device that must be used."),
  "user-rc": flag("Run `~/.ssh/rc` again after `restrict`."),
  "verify-required": flag("A security key must have verified its user, e.g. by a PIN."),
  "X11-forwarding": flag("Allow X11 forwarding again after `restrict`."),
} as const;

export type KeyOptions = ConfigOf<typeof keyOptions>;

/** Those whose list is one value with commas; of the others each element is an option of its own. */
const commaLists: ReadonlySet<string> = new Set(["from", "principals"]);

/** The options as they stand in front of a key, `restrict,from="192.0.2.1"`; empty without any. */
export function renderKeyOptions(options: KeyOptions): Text {
  const rendered = Object.entries(options).flatMap(([name, setting]): Text[] => {
    if (typeof setting === "boolean") return setting ? [name] : [];
    if (setting === null) return [];
    if (!isList(setting)) return [quoted(name, setting)];
    if (setting.length === 0) return [];
    return commaLists.has(name)
      ? [quoted(name, concatText(setting, ","))]
      : setting.map((element) => quoted(name, element));
  });
  return concatText(rendered, ",");
}

const isList = (setting: Text | readonly Text[]): setting is readonly Text[] => Array.isArray(setting);

function quoted(name: string, text: Text): Text {
  const escaped =
    text instanceof StoreString
      ? new StoreString(new NixString(text.value.text.replaceAll('"', '\\"'), text.value.context))
      : text.replaceAll('"', '\\"');
  return concatText([name, '="', escaped, '"']);
}

function charactersOf(text: Text): string {
  return text instanceof StoreString ? text.textWithoutReferences : text;
}
