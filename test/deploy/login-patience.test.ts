import { expect, test } from "vitest";
import { LoginPatience } from "../../src/deploy/steps/login-patience.ts";

test("a login that took too long is given longer, as long as there is time for several", () => {
  const patience = new LoginPatience(5000, 300_000);
  const times = [4000, 5200, 8000, 12_000, 20_000].map((took) => {
    patience.failed(took);
    return patience.milliseconds;
  });
  expect(times).toEqual([5000, 7500, 11_250, 15_000, 15_000]);
});

test("there is always time for what is usual", () => {
  const patience = new LoginPatience(5000, 8000);
  patience.failed(6000);
  expect(patience.milliseconds).toBe(5000);
});
