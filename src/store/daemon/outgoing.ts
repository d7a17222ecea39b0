/** Objects in memory, on their way into a store. */
import { contentAddressOf } from "../content-address.ts";
import { printHash } from "../hash.ts";
import { narChunks } from "../nar.ts";
import type { StoreObject } from "../tree.ts";
import type { Incoming } from "./store.ts";

export function outgoing(object: StoreObject): Incoming {
  return {
    info: {
      path: object.path,
      deriver: null,
      narHash: printHash({ algorithm: "sha256", bytes: object.narHash }, "base16", false),
      references: object.references,
      registrationTime: 0,
      narSize: object.narSize,
      signatures: [],
      contentAddress: contentAddressOf(object),
    },
    nar: narChunks(object.tree),
  };
}
