/** So that a machine that was away is noticed soon after it is back: TCP asks again after 1, 3, 7 and 15 s. */
const longest = 15_000;

/**
 * How long a login may take until it is given up and tried anew, as the network may have changed under it. Milliseconds.
 */
export class LoginPatience {
  private now: number;
  private readonly longest: number;

  /**
   * @param usual what a login to this machine may take
   * @param available in what time there has to be one: several are tried in it
   */
  constructor(usual: number, available: number) {
    this.now = usual;
    this.longest = Math.max(usual, Math.min(available / 4, longest));
  }

  get milliseconds(): number {
    return this.now;
  }

  /** A login has failed that took so long. A machine that has just started, for example, is slower than it was before. */
  failed(took: number): void {
    if (took >= this.now) this.now = Math.min(this.now * 1.5, this.longest);
  }
}
