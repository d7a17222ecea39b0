/** The places of one deployment, each once. */
import { join } from "node:path";
import type { BuildPlace } from "../../plan/build.ts";
import { type Environment, localStoreAccess } from "../../store/daemon/local.ts";
import { NodeError } from "../errors.ts";
import type { NodeSession } from "../session.ts";
import { Connection } from "../ssh/connection.ts";
import { builderScript, storeScript } from "../target/scripts.ts";
import { builderPlace, localPlace, type StorePlace, targetPlace } from "./place.ts";

export class Places {
  /** undefined: there is no Nix here. */
  readonly local: StorePlace | undefined;
  private readonly builders = new Map<string, StorePlace>();
  private readonly targets = new Map<NodeSession, StorePlace>();
  private readonly directory: string;
  private readonly signal: AbortSignal;

  /** `directory` is for control sockets. */
  constructor(env: Environment, directory: string, signal: AbortSignal) {
    const access = localStoreAccess(env);
    this.local = access && localPlace(access, env, signal);
    this.directory = directory;
    this.signal = signal;
  }

  builder(destination: string): StorePlace {
    const known = this.builders.get(destination);
    if (known !== undefined) return known;
    const target = { destination, sshOptions: {}, privilegeEscalationCommand: [] };
    const connection = new Connection(target, join(this.directory, `b${this.builders.size}`));
    const place = builderPlace(destination, connection, builderScript(connection.silence), this.signal);
    this.builders.set(destination, place);
    return place;
  }

  target(session: NodeSession): StorePlace {
    const known = this.targets.get(session);
    if (known !== undefined) return known;
    const { node, id, connection } = session;
    const script = storeScript(id, protectedPaths(session), connection.silence);
    const place = targetPlace(node.host, connection, script, id, this.signal);
    this.targets.set(session, place);
    return place;
  }

  async close(): Promise<void> {
    await Promise.all([...this.builders.values()].map((place) => place.close()));
  }
}

export function placeOf(session: NodeSession, place: BuildPlace): StorePlace {
  const { places } = session.context;
  switch (place.type) {
    case "local":
      if (places.local === undefined) throw new NodeError("there is no Nix on this machine");
      return places.local;
    case "target":
      return places.target(session);
    case "builder":
      return places.builder(place.destination);
  }
}

/** What must not be collected on the machine before the deployment has ended. */
export function protectedPaths({ node, context }: NodeSession): string[] {
  const baseline = node.baseline === null ? [] : [node.baseline];
  return [node.toplevel, context.switcher.path, ...baseline, ...node.closurePaths.map(({ path }) => path)];
}
