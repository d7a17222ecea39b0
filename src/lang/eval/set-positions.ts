/** Where the attributes of a set are defined. Few evaluations ask, so sets that are made of others only say of which. */
import { noPos, type Pos } from "../syntax/positions.ts";
import type { Sym } from "../syntax/symbols.ts";
import type { Shape } from "./shape.ts";

/** An array is parallel to the symbols of the set's shape. */
export type Positions = readonly Pos[] | DerivedPositions;

/** Sets made of sets that were made of sets ... are looked through so far, before the positions are computed. */
const maxDepth = 16;

/** The positions of `left // right`, or (without `left`) of a part of `right`. */
class DerivedPositions {
  readonly left: Shape | undefined;
  readonly leftPositions: Positions | undefined;
  readonly right: Shape;
  readonly rightPositions: Positions | undefined;
  readonly depth: number;

  constructor(
    left: Shape | undefined,
    leftPositions: Positions | undefined,
    right: Shape,
    rightPositions: Positions | undefined,
  ) {
    this.left = left;
    this.leftPositions = leftPositions;
    this.right = right;
    this.rightPositions = rightPositions;
    this.depth = 1 + Math.max(depthOf(leftPositions), depthOf(rightPositions));
  }
}

function depthOf(positions: Positions | undefined): number {
  return positions instanceof DerivedPositions ? positions.depth : 0;
}

/** Of a set of shape `shape`, which has the attributes of both, those of `right` where both have one. */
export function mergedPositions(
  shape: Shape,
  left: Shape,
  leftPositions: Positions | undefined,
  right: Shape,
  rightPositions: Positions | undefined,
): Positions | undefined {
  if (leftPositions === undefined && rightPositions === undefined) return undefined;
  if (shape === right) return rightPositions;
  return limited(shape, new DerivedPositions(left, leftPositions, right, rightPositions));
}

/** Of a set of shape `shape` with some of the attributes of one of shape `whole`. */
export function positionsOfPart(shape: Shape, whole: Shape, positions: Positions): Positions {
  return limited(shape, new DerivedPositions(undefined, undefined, whole, positions));
}

function limited(shape: Shape, positions: DerivedPositions): Positions {
  return positions.depth > maxDepth ? positionsOf(shape, positions) : positions;
}

/** Parallel to the symbols of the shape. */
export function positionsOf(shape: Shape, positions: Positions): readonly Pos[] {
  return positions instanceof DerivedPositions
    ? shape.symbols.map((sym) => positionIn(shape, positions, sym))
    : positions;
}

/** Of one attribute of a set of that shape; {@link noPos} where nothing is known, or there is no such attribute. */
export function positionIn(shape: Shape, positions: Positions, sym: Sym): Pos {
  let current: Positions | undefined = positions;
  let place = shape;
  while (current instanceof DerivedPositions) {
    const { left, right } = current;
    if (left === undefined || right.indexOf(sym) >= 0) {
      place = right;
      current = current.rightPositions;
    } else {
      place = left;
      current = current.leftPositions;
    }
  }
  const index = current === undefined ? -1 : place.indexOf(sym);
  return index < 0 ? noPos : current![index]!;
}
