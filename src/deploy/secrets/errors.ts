/** What is wrong with a secret, or with what has to do with them. Messages never contain a secret or a part of one. */
export class SecretError extends Error {
  override readonly name = "SecretError";
}
