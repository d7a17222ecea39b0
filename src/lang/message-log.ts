/** What an evaluation has said, so that one of its parts (a node) does not repeat what another one has said. */
import type { MessageKind } from "./host.ts";

export interface Message {
  readonly kind: MessageKind;
  /** A byte string. */
  readonly text: string;
}

export class MessageLog {
  private readonly news: Message[] = [];
  /** How often each message was shown. */
  private readonly shown = new Map<string, number>();
  /** How often the part that runs has said it. */
  private said: Map<string, number> | undefined;

  part<T>(compute: () => T): T {
    const before = this.said;
    this.said = new Map();
    try {
      return compute();
    } finally {
      this.said = before;
    }
  }

  /** Computes something, and tells what of its messages was news. */
  recorded<T>(compute: () => T): { readonly value: T; readonly messages: readonly Message[] } {
    const before = this.news.length;
    const value = compute();
    return { value, messages: this.news.slice(before) };
  }

  /** Notes the message; whether it is to be shown. `text` is a byte string. */
  isNews(kind: MessageKind, text: string): boolean {
    const message = `${kind} ${text}`;
    const shown = this.shown.get(message) ?? 0;
    const times = this.said === undefined ? shown + 1 : (this.said.get(message) ?? 0) + 1;
    this.said?.set(message, times);
    if (times <= shown) return false;
    this.shown.set(message, times);
    this.news.push({ kind, text });
    return true;
  }
}
