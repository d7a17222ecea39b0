/**
 * What an evaluation read, as facts that can be checked later without it: while all of them hold, it would give
 * what it gave.
 */
import { createHmac } from "node:crypto";
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { fsPath } from "../store/file-chunks.ts";
import { fileTypeOf } from "../store/read-tree.ts";
import type { FileType, TreeRequest } from "./host.ts";
import { newestChange } from "./newest-change.ts";
import { contentDigest, listingDigest, type ReadRecord } from "./read-record.ts";

/**
 * A file or directory that is as it was when it was looked at last is not read again. Inode, size, modification and
 * change in one text.
 */
type Stamp = string;

/** Digests are keyed, so that they don't tell what they are of. Paths are byte strings. */
export type ReadFact =
  | {
      readonly kind: "file";
      readonly path: string;
      readonly digest: string;
      readonly stamp: Stamp | undefined;
    }
  | {
      readonly kind: "directory";
      readonly path: string;
      readonly digest: string;
      readonly stamp: Stamp | undefined;
    }
  | { readonly kind: "type"; readonly path: string; readonly type: FileType | "absent" }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "executable"; readonly path: string; readonly executable: boolean }
  | { readonly kind: "variable"; readonly name: string; readonly digest: string | undefined }
  | { readonly kind: "object"; readonly path: string; readonly exists: boolean }
  /** When something in the tree was changed last, in seconds since the epoch. */
  | { readonly kind: "newest-change"; readonly path: string; readonly time: number }
  /** Something fetched that may change: it is asked for again from then on (seconds since the epoch). */
  | { readonly kind: "until"; readonly time: number };

export interface FactsContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The key of the digests. */
  readonly key: Uint8Array;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** How long something that was fetched without a hash is taken to be the same (Nix: `tarball-ttl`). */
const fetchedFor = 3600;

/** A file that changes after this time may still have the stamp of before: no system's clock of files is coarser. */
const coarsestClock = 2_000_000_000n;

/**
 * The facts; undefined where what was read can't be checked.
 *
 * @param started when the evaluation started, nanoseconds since the epoch
 */
export function factsOf(record: ReadRecord, started: bigint, context: FactsContext): ReadFact[] | undefined {
  if (record.unrecorded.size > 0) return undefined;
  const facts: ReadFact[] = [];
  const stamped = (kind: "file" | "directory", path: string, found: string): ReadFact => {
    const fact = { kind, path, digest: keyed(found, context) };
    const stamp = stampBefore(path, started - coarsestClock);
    // It is that of what was read, unless that has changed since then.
    const isSame = stamp !== undefined && holds({ ...fact, stamp: undefined }, context);
    return { ...fact, stamp: isSame ? stamp : undefined };
  };
  for (const [path, digest] of record.files) facts.push(stamped("file", path, digest));
  for (const [path, digest] of record.directories) facts.push(stamped("directory", path, digest));
  for (const [path, target] of record.links) facts.push({ kind: "link", path, target });
  for (const [path, executable] of record.executables) facts.push({ kind: "executable", path, executable });
  for (const [path, type] of record.types) facts.push({ kind: "type", path, type });
  for (const name of record.variables) {
    facts.push({ kind: "variable", name, digest: variableDigest(name, context) });
  }
  for (const { request, lastModified } of record.trees) {
    // Trees that the evaluation made itself have no such time.
    if (request.kind === "directory" && lastModified !== undefined && lastModified > 1) {
      facts.push({ kind: "newest-change", path: request.path, time: lastModified });
    }
  }
  for (const [path, exists] of record.storePaths) facts.push({ kind: "object", path, exists });
  if (
    record.fetches.some(({ pinned }) => !pinned) ||
    record.trees.some(({ request }) => !isPinned(request))
  ) {
    facts.push({ kind: "until", time: context.now + fetchedFor });
  }
  return record.trees.every(({ request }) => isCheckable(request)) ? facts : undefined;
}

export function holds(fact: ReadFact, context: FactsContext): boolean {
  try {
    return isSo(fact, context);
  } catch {
    // What is no longer there, or can't be read any more.
    return false;
  }
}

function isSo(fact: ReadFact, context: FactsContext): boolean {
  switch (fact.kind) {
    case "file": {
      const path = fsPath(fact.path);
      if (fact.stamp !== undefined && fact.stamp === stampOf(statSync(path, { bigint: true }))) return true;
      return keyed(contentDigest(readFileSync(path)), context) === fact.digest;
    }
    case "directory": {
      const path = fsPath(fact.path);
      if (fact.stamp !== undefined && fact.stamp === stampOf(statSync(path, { bigint: true }))) return true;
      return keyed(listingDigest(listing(fact.path)), context) === fact.digest;
    }
    case "type":
      return (typeAt(fact.path) ?? "absent") === fact.type;
    case "link":
      return readlinkSync(fsPath(fact.path), "latin1") === fact.target;
    case "executable":
      return isExecutable(fact.path) === fact.executable;
    case "variable":
      return variableDigest(fact.name, context) === fact.digest;
    case "object":
      return (typeAt(fact.path) !== undefined) === fact.exists;
    case "newest-change":
      return newestChange(fact.path) === fact.time;
    case "until":
      return context.now < fact.time;
  }
}

/** Whether it names what it fetches by a revision. */
function isPinned(request: TreeRequest): boolean {
  return (request.kind === "git" || request.kind === "hg") && request.rev !== undefined;
}

/** A work tree on this machine can only be looked at by who fetches it. */
function isCheckable(request: TreeRequest): boolean {
  if (request.kind === "directory") return true;
  return isPinned(request) || !/^(file:|\/|\.)/.test(request.url);
}

function listing(path: string): ReadonlyMap<string, FileType> {
  const entries = readdirSync(fsPath(path), { encoding: "latin1", withFileTypes: true });
  return new Map(entries.map((entry) => [entry.name, fileTypeOf(entry)]));
}

function typeAt(path: string): FileType | undefined {
  const stats = lstatSync(fsPath(path), { throwIfNoEntry: false });
  return stats && fileTypeOf(stats);
}

function isExecutable(path: string): boolean {
  const stats = lstatSync(fsPath(path));
  return stats.isFile() && (stats.mode & 0o100) !== 0;
}

/** Undefined where it changed so recently that a later change might not show. */
function stampBefore(path: string, time: bigint): Stamp | undefined {
  const stats = statSync(fsPath(path), { bigint: true, throwIfNoEntry: false });
  return stats === undefined || stats.ctimeNs >= time ? undefined : stampOf(stats);
}

function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): Stamp {
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

function keyed(text: string, { key }: FactsContext): string {
  return createHmac("sha256", key).update(text, "latin1").digest("base64");
}

function variableDigest(name: string, context: FactsContext): string | undefined {
  const value = context.env[name];
  return value === undefined ? undefined : keyed(Buffer.from(value).toString("latin1"), context);
}
