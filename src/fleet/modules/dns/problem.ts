/** What is wrong with a value that a user wrote; whoever knows the option puts it in front. */
export class DnsProblem extends Error {
  override readonly name = "DnsProblem";
}
