// Slack's date tokens: <!date^unix^format^link|fallback>, written in the reader's time zone.

const dayMs = 86_400_000;

function dayNumber(date: Date): number {
  return Math.round(new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime() / dayMs);
}

/** relativeDay is "today", "yesterday" or "tomorrow", or undefined for any other day. */
function relativeDay(date: Date, now: Date): string | undefined {
  const words: Record<string, string> = { "-1": "yesterday", "0": "today", "1": "tomorrow" };
  return words[String(dayNumber(date) - dayNumber(now))];
}

function format(date: Date, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat("en-US", options).format(date);
}

/** hours lets the reader's own locale decide between 13:05 and 1:05 PM. */
function clock(date: Date, seconds: boolean): string {
  return new Intl.DateTimeFormat(undefined, {
    hour: "numeric",
    minute: "2-digit",
    ...(seconds ? { second: "2-digit" } : {}),
  }).format(date);
}

const formats: Record<string, (date: Date) => string> = {
  date_num: (d) =>
    `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, "0")}-${String(d.getDate()).padStart(2, "0")}`,
  date_slash: (d) => format(d, { month: "2-digit", day: "2-digit", year: "numeric" }),
  date: (d) => format(d, { month: "long", day: "numeric", year: "numeric" }),
  date_short: (d) => format(d, { month: "short", day: "numeric", year: "numeric" }),
  date_long: (d) => format(d, { weekday: "long", month: "long", day: "numeric", year: "numeric" }),
  time: (d) => clock(d, false),
  time_secs: (d) => clock(d, true),
};

/** formatDate writes one token, or gives undefined when it holds something that Slack would not know either. */
export function formatDate(unix: number, pattern: string, now: Date): string | undefined {
  const date = new Date(unix * 1000);
  if (Number.isNaN(date.getTime())) {
    return undefined;
  }
  let known = true;
  const text = pattern.replace(/\{(\w+)\}/g, (_, name: string) => {
    const plain = name.replace(/_pretty$/, "");
    const write = formats[plain];
    if (!write) {
      known = false;
      return "";
    }
    return (plain !== name && relativeDay(date, now)) || write(date);
  });
  return known ? text : undefined;
}

/** messageTime is the time beside a message's author. */
export function messageTime(at: Date): string {
  return clock(at, false);
}

/** dayName is what stands on the line between two days. */
export function dayName(at: Date, now: Date): string {
  const word = relativeDay(at, now);
  return word ? word[0]!.toUpperCase() + word.slice(1) : format(at, { weekday: "long", month: "long", day: "numeric" });
}
