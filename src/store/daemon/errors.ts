/** What can go wrong with a Nix store that is spoken to over the worker protocol. Messages are ordinary text. */

/** The store did not do what it was asked to, and says why. The connection can still be used. */
export class DaemonError extends Error {
  override readonly name = "DaemonError";
}

/** The other side does not speak the worker protocol, or none of the versions that we do. */
export class DaemonProtocolError extends Error {
  override readonly name = "DaemonProtocolError";
}

/** The connection has ended. `cause` is why, where that is known. */
export class DaemonDisconnected extends Error {
  override readonly name = "DaemonDisconnected";
}
