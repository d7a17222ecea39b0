/**
 * Checks of what is read from files and comes from machines, by zod. It is loaded when there is something to check: that takes
 * as long as to load all the rest of the evaluator, and most commands neither fetch anything nor read a lock file.
 */
import { createRequire } from "node:module";
import type { z } from "zod";

type Zod = typeof z;

/** A schema that is made when it is first needed. */
export type LazySchema<S extends z.ZodType = z.ZodType> = () => S;

export type Checked<L extends LazySchema> = z.infer<ReturnType<L>>;

const load = createRequire(import.meta.url);

export function zod(): Zod {
  return (load("zod") as { readonly z: Zod }).z;
}

export function lazySchema<S extends z.ZodType>(make: (z: Zod) => S): LazySchema<S> {
  let schema: S | undefined;
  return () => {
    schema ??= make(zod());
    return schema;
  };
}
