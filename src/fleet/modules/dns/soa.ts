/** The start of a zone (RFC 1035, section 3.3.13). */
import { type Name, parseName } from "./name.ts";
import { DnsProblem } from "./problem.ts";

export interface Soa {
  /** The primary server. */
  readonly mname: Name;
  /** The mailbox of who is responsible, `hostmaster.example.com.`. */
  readonly rname: Name;
  /** Seconds after which secondaries ask the primary, and ask again after a failure. */
  readonly refresh: number;
  readonly retry: number;
  /** Seconds after which a secondary gives up a zone that it could not refresh. */
  readonly expire: number;
  /** Seconds for which an answer that there is nothing may be kept (RFC 2308). */
  readonly minimum: number;
}

/** A mail address as a name: its local part becomes the first label, dots and all. A name stays what it is. */
export function mailboxName(text: string, origin: Name): Name {
  const at = text.lastIndexOf("@");
  if (at === -1 || text === "@") return parseName(text, origin);
  const local = text.slice(0, at);
  const domain = text.slice(at + 1).replace(/\.$/, "");
  if (!/^[!-?A-Z^-~]+$/.test(local) || domain === "" || domain.startsWith("["))
    throw new DnsProblem(
      `'${text}' is not a mail address that a zone can name; write 'hostmaster@example.com'`,
    );
  return parseName(`${local.replaceAll(/[.\\"();]/g, "\\$&")}.${domain}.`, []);
}
