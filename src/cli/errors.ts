/** Something that the person at the terminal can mend. Shown as `error: MESSAGE`, without a stack. */
export class UserError extends Error {
  override readonly name: string = "UserError";
}

/** A command line that can't be read, or contradicts itself. */
export class UsageError extends UserError {
  override readonly name = "UsageError";
}
