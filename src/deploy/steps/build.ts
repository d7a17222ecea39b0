/** Build: what the machine needs, in the place that its node says. */
import type { Build, BuildPlace } from "../../plan/build.ts";
import type { NodeSession } from "../session.ts";
import { placeOf } from "../stores/places.ts";

export async function build(
  session: NodeSession,
  place: BuildPlace,
  builds: readonly Build[],
): Promise<void> {
  await session.context.builds.build(placeOf(session, place), builds);
}
