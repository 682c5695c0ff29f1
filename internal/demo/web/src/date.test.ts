import { expect, test } from "vitest";
import { dayName, formatDate } from "./date";

const now = new Date(2026, 10, 23, 12, 0);
const unix = (day: number, hour: number, minute: number) => new Date(2026, 10, day, hour, minute).getTime() / 1000;

test.each([
  ["today", 23, "{date_short_pretty}", "today"],
  ["yesterday", 22, "{date_pretty}", "yesterday"],
  ["tomorrow", 24, "{date_long_pretty}", "tomorrow"],
  ["another day", 20, "{date_short_pretty}", "Nov 20, 2026"],
  ["a plain date says no day word", 23, "{date_short}", "Nov 23, 2026"],
  ["long", 20, "{date_long}", "Friday, November 20, 2026"],
  ["numbers", 3, "{date_num}", "2026-11-03"],
  ["words around it", 20, "on {date_short} it was", "on Nov 20, 2026 it was"],
])("%s", (_, day, pattern, want) => {
  expect(formatDate(unix(day, 10, 5), pattern, now)).toBe(want);
});

test("a time is the reader's own", () => {
  const want = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" }).format(new Date(2026, 10, 23, 10, 5));
  expect(formatDate(unix(23, 10, 5), "{date_short_pretty} at {time}", now)).toBe(`today at ${want}`);
});

test("midnight parts the days, not the hours between", () => {
  expect(formatDate(unix(23, 23, 59), "{date_pretty}", new Date(2026, 10, 24, 0, 1))).toBe("yesterday");
});

test("what Slack does not know is left to the fallback", () => {
  expect(formatDate(unix(23, 10, 5), "{moon_phase}", now)).toBeUndefined();
  expect(formatDate(1e300, "{date}", now)).toBeUndefined();
});

test("the line between days names the day", () => {
  expect(dayName(now, now)).toBe("Today");
  expect(dayName(new Date(2026, 10, 20), now)).toBe("Friday, November 20");
});
