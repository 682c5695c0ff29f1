import { expect, test } from "vitest";
import { threads } from "./channel";
import { unread } from "./app";
import { address, readPlace } from "./place";
import { apply, nothing } from "./server";
import type { Message, Room } from "./types";

const message = (ts: string, more: Partial<Message> = {}): Message => ({ channel: "C", ts, at: "2026-11-23T10:00:00Z", user: "U0BOT", text: ts, ...more });
const room: Room = { me: "U0ANA", bot: "U0BOT", people: [], groups: {}, channels: [{ id: "C", name: "c", members: [], read: "2" }] };

test("patches add, change and take away", () => {
  let view = apply(nothing, { fresh: true, room, messages: [message("1"), message("2")] });
  view = apply(view, { messages: [message("2", { text: "changed" }), message("3")], gone: [{ channel: "C", ts: "1" }] });
  expect([...view.messages.values()].map((m) => m.text)).toEqual(["changed", "3"]);
  expect(view.room).toBe(room);
});

test("a fresh start forgets what was shown before", () => {
  const view = apply(apply(nothing, { fresh: true, messages: [message("1")] }), { fresh: true, messages: [message("9")] });
  expect([...view.messages.values()].map((m) => m.ts)).toEqual(["9"]);
});

test("replies stand under what they answer, or for themselves", () => {
  const all = threads([message("3", { thread: "1" }), message("1"), message("2"), message("4", { thread: "0" })], "C");
  expect(all.map((t) => [t.message.ts, t.replies.map((r) => r.ts)])).toEqual([
    ["1", ["3"]],
    ["2", []],
    ["4", []],
  ]);
});

test("unread is what others wrote since", () => {
  const view = apply(nothing, { fresh: true, room, messages: [message("1"), message("3"), message("4", { user: "U0ANA" }), message("5")] });
  expect(unread(view).get("C")).toBe(2);
});

test("the address keeps person and channel", () => {
  expect(readPlace(address({ person: "mia", channel: "emr-admins" }))).toEqual({ person: "mia", channel: "emr-admins" });
  expect(readPlace("")).toEqual({ person: "ana", channel: "threat-hunting" });
});
