/**
 * What an evaluation reads, as it is noted: of all of it, and of each of its parts. A part (a node) has values of its
 * own and others that all parts share; what is read for one of those may have been read by another part.
 */
import type { FileType, MessageKind } from "./host.ts";
import type { ReadRecord } from "./read-record.ts";

/** A {@link ReadRecord} that grows. */
export class Reads implements ReadRecord {
  readonly files = new Map<string, string>();
  readonly directories = new Map<string, string>();
  readonly types = new Map<string, FileType | "absent">();
  readonly links = new Map<string, string>();
  readonly executables = new Map<string, boolean>();
  readonly copies: ReadRecord["copies"][number][] = [];
  readonly fetches: ReadRecord["fetches"][number][] = [];
  readonly trees: ReadRecord["trees"][number][] = [];
  readonly variables = new Set<string>();
  readonly storePaths = new Map<string, boolean>();
  readonly unrecorded = new Set<string>();
}

export interface Message {
  readonly kind: MessageKind;
  /** A byte string. */
  readonly text: string;
}

/** A part of an evaluation: its value, and what it depends on beside what all parts do ({@link ReadLog.common}). */
export interface Part<T> {
  readonly value: T;
  readonly reads: ReadRecord;
  readonly messages: readonly Message[];
}

export class ReadLog {
  readonly whole = new Reads();
  /** Where what is noted now goes. */
  current: readonly Reads[];
  /** What was read for something that other parts may have got as well. */
  private readonly shared = new Reads();
  private readonly commonRoots = new Set<string>();
  private messages: Message[] | undefined;
  /** How often each message was shown. */
  private readonly shown = new Map<string, number>();

  constructor() {
    this.current = [this.whole, this.shared];
  }

  /** Everything in the directory belongs to all parts. */
  noteCommon(directory: string): void {
    this.commonRoots.add(directory === "/" ? "" : directory);
  }

  /** Whether it is in one of those directories, or one of them is in it. */
  isCommon(path: string): boolean {
    for (const root of this.commonRoots) {
      if (path === root || path.startsWith(`${root}/`) || root.startsWith(`${path}/`)) return true;
    }
    return false;
  }

  /** From here on, this part has values that others have as well. */
  noteShared(): void {
    this.current = [this.whole, this.shared];
  }

  part<T>(compute: () => T): Part<T> {
    const { current, messages } = this;
    const own = new Reads();
    const said: Message[] = [];
    this.current = [this.whole, own];
    this.messages = said;
    try {
      const value = compute();
      return { value, reads: own, messages: said };
    } finally {
      this.current = current;
      this.messages = messages;
    }
  }

  /** What the part's value depends on that no other part's does. */
  ownOf({ reads }: Part<unknown>): ReadRecord {
    return filesOf(reads, (path) => !this.isCommon(path));
  }

  /** What the value of every part may depend on. */
  get common(): ReadRecord {
    const { whole, shared } = this;
    const below = filesOf(whole, (path) => this.isCommon(path));
    return {
      ...whole,
      files: new Map([...below.files, ...shared.files]),
      directories: new Map([...below.directories, ...shared.directories]),
      types: new Map([...below.types, ...shared.types]),
      links: new Map([...below.links, ...shared.links]),
      executables: new Map([...below.executables, ...shared.executables]),
      copies: [...below.copies, ...shared.copies],
    };
  }

  /** Whether the message is to be shown: a part does not repeat what another one has said. */
  isNews(message: Message): boolean {
    this.messages?.push(message);
    const key = `${message.kind} ${message.text}`;
    const before = this.shown.get(key) ?? 0;
    const times = this.messages?.filter((said) => `${said.kind} ${said.text}` === key).length ?? before + 1;
    this.shown.set(key, Math.max(before, times));
    return times > before;
  }
}

/** What of the file system was read, as far as the paths fit. */
function filesOf(reads: ReadRecord, fits: (path: string) => boolean): ReadRecord {
  const some = <T>(map: ReadonlyMap<string, T>) => new Map([...map].filter(([path]) => fits(path)));
  return {
    ...new Reads(),
    files: some(reads.files),
    directories: some(reads.directories),
    types: some(reads.types),
    links: some(reads.links),
    executables: some(reads.executables),
    copies: reads.copies.filter(({ sourcePath }) => fits(sourcePath)),
  };
}
