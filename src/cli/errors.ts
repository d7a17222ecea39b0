/** Something that the person at the terminal can mend. Shown as `error: MESSAGE`, without a stack. */
export class UserError extends Error {
  override readonly name: string = "UserError";
}
