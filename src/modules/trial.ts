/**
 * An evaluation that is watched or changed, to find out what a value depends on: which options were computed for it,
 * and what becomes of it without some of the definitions. Set on the {@link ModuleSystem} while the values of that
 * evaluation are forced.
 */
import type { Pos } from "../lang/syntax/positions.ts";
import { showOption } from "./show.ts";
import type { Location } from "./type.ts";

/** One definition: of the option, or of the part of an option's value, at `loc`; written at `pos`. */
export interface Written {
  readonly loc: Location;
  readonly pos: Pos;
}

export class Trial {
  /** Every option and part of a value that was computed, by its name. */
  readonly computed = new Map<string, Location>();
  private readonly omitted: ReadonlySet<string>;

  /** The definitions in `omitted` count as not written. */
  constructor(omitted: readonly Written[] = []) {
    this.omitted = new Set(omitted.map(keyOf));
  }

  read(loc: Location): void {
    this.computed.set(showOption(loc), loc);
  }

  omits(written: Written): boolean {
    return this.omitted.size > 0 && this.omitted.has(keyOf(written));
  }
}

function keyOf({ loc, pos }: Written): string {
  return `${pos} ${showOption(loc)}`;
}
