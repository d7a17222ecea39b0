/** `nixus diff` for people: a block for each machine, in the order of the network, once all have answered. */
import type { Event } from "../../events/event.ts";
import type { Preview } from "../../events/preview.ts";
import { withoutPrefix } from "../failure.ts";
import { previewLines } from "./preview.ts";

interface Known {
  readonly preview?: Preview;
  readonly unchanged?: boolean;
  readonly messages: readonly string[];
}

export class DiffRenderer {
  private readonly known = new Map<string, Known>();

  take(event: Event): void {
    switch (event.type) {
      case "preview":
        this.add(event.node, { preview: event.preview });
        break;
      case "warning":
      case "problem": {
        const word = event.type === "problem" ? "error" : "warning";
        this.add(event.node, { messages: [`${word}: ${withoutPrefix(event.message)}`] });
        break;
      }
      case "finished":
        if (event.outcome === "unchanged") this.add(event.node, { unchanged: true });
        break;
      default:
        break;
    }
  }

  private add(node: string, more: Partial<Known>): void {
    const known = this.known.get(node) ?? { messages: [] };
    this.known.set(node, { ...known, ...more, messages: [...known.messages, ...(more.messages ?? [])] });
  }

  /** The text for these nodes. */
  text(nodes: readonly string[]): string {
    return nodes.map((node) => this.block(node)).join("\n");
  }

  private block(node: string): string {
    const { preview, unchanged, messages } = this.known.get(node) ?? { messages: [] };
    const heading =
      preview === undefined ? node : `${node}: ${preview.previous ?? "no system"} -> ${preview.system}`;
    const lines = [
      ...(unchanged ? ["no difference"] : []),
      ...(preview === undefined ? [] : previewLines(preview)),
      ...messages.flatMap((message) => message.split("\n")),
    ];
    return [heading, ...lines.map((line) => `  ${line}`)].join("\n").concat("\n");
  }
}
