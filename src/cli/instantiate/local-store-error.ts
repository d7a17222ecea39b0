/** Why something couldn't be brought to the store of this machine; the rest of a sentence. */
export class LocalStoreError extends Error {
  override readonly name = "LocalStoreError";
}
