/** Why a node's deployment ended before its switch. Each message says what is wrong and what to do. */

/** Something about one node; the machine was not changed. */
export class NodeError extends Error {
  override readonly name: string = "NodeError";
}

export type ConnectionFailure =
  | "unresolvable"
  | "refused"
  | "timeout"
  | "unreachable"
  | "unknown-host-key"
  | "changed-host-key"
  | "permission-denied"
  | "lost"
  | "configuration"
  | "no-client"
  | "other";

/** OpenSSH did not get us a session, or lost it. */
export class ConnectionError extends NodeError {
  override readonly name = "ConnectionError";
  readonly failure: ConnectionFailure;

  constructor(failure: ConnectionFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

/** A command on the machine did not do what it should. */
export class RemoteCommandError extends NodeError {
  override readonly name = "RemoteCommandError";
}

/** Another deployment has the machine. */
export class BusyError extends NodeError {
  override readonly name = "BusyError";
  /** The id of that deployment. */
  readonly deployment: string;

  constructor(deployment: string, message: string) {
    super(message);
    this.deployment = deployment;
  }
}

/** The deployment was interrupted from our side. */
export class InterruptedError extends NodeError {
  override readonly name = "InterruptedError";
}

/** What the node needs could not be built. */
export class BuildError extends NodeError {
  override readonly name = "BuildError";
}
