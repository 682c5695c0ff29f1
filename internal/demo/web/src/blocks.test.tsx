import { readdirSync, readFileSync } from "node:fs";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Body, present } from "./blocks";
import { WorldContext } from "./context";
import type { Block, Room } from "./types";

const room: Room = {
  me: "U0ANA",
  bot: "U0BOT",
  people: [
    { id: "U0ANA", name: "Ana", role: "analyst" },
    { id: "U0RAJ", name: "Raj", role: "analyst" },
  ],
  groups: { S0ADMINS: "emr-admins" },
  channels: [],
};

function draw(blocks: unknown[], text = ""): string {
  return renderToStaticMarkup(
    <WorldContext value={{ room, ahead: 0, follow: () => undefined }}>
      <Body text={text} blocks={blocks as Block[]} onClick={() => Promise.resolve()} />
    </WorldContext>,
  );
}

const plain = (text: string) => ({ type: "plain_text", text });
const section = (text: object) => ({ type: "section", block_id: "s", text });

test("plain text is nothing but text", () => {
  const html = draw([section(plain("<https://evil.example|Open> *READY* `x` <@U0ANA> <img src=x onerror=alert(1)>"))]);
  expect(html).toContain("&lt;https://evil.example|Open&gt; *READY* `x` &lt;@U0ANA&gt; &lt;img src=x onerror=alert(1)&gt;");
  expect(html).not.toMatch(/<(a|b|strong|code|img|span)[ >]/);
});

test("mentions have names, and one's own stands out", () => {
  const html = draw([section({ type: "mrkdwn", text: "<@U0ANA> <@U0RAJ> <!subteam^S0ADMINS> <@U0GONE>" })]);
  expect(html).toContain('<span class="mention me">@Ana</span>');
  expect(html).toContain('<span class="mention">@Raj</span>');
  expect(html).toContain('<span class="mention">@emr-admins</span>');
  expect(html).toContain('<span class="mention">@U0GONE</span>');
});

test("a table has a head, and its cells name people and times", () => {
  const cell = (...elements: object[]) => ({ type: "rich_text", elements: [{ type: "rich_text_section", elements }] });
  const text = (text: string) => ({ type: "text", text });
  const row = [cell({ type: "user", user_id: "U0ANA" }), cell({ type: "date", timestamp: 0, format: "{date_num}", fallback: "then" }, text(" <b>"))];
  const html = draw([{ type: "table", block_id: "t", rows: [[cell(text("By")), cell(text("Started"))], row] }]);
  expect(html).toContain('<th scope="col">By</th>');
  expect(html).toContain('<td><span class="mention me">@Ana</span></td>');
  expect(html).toMatch(/<td><time [^>]*title="then">\d{4}-\d\d-\d\d<\/time> &lt;b&gt;<\/td>/);
});

test("a button carries its own text and style", () => {
  const html = draw([{ type: "actions", block_id: "a", elements: [{ type: "button", action_id: "x", text: plain("Destroy"), style: "danger" }] }]);
  expect(html).toMatch(/<button type="button" class="slack-button danger">Destroy<\/button>/);
});

test("an input is found by its label and begins with its value", () => {
  const option = { text: plain("4 hours"), value: "4" };
  const html = draw([
    { type: "input", block_id: "i", label: plain("Purpose"), hint: plain("Seen by all."), element: { type: "plain_text_input", action_id: "p", initial_value: "Case" } },
    { type: "input", block_id: "j", label: plain("Keep it"), element: { type: "static_select", action_id: "h", options: [option], initial_option: option } },
    { type: "input", block_id: "k", label: plain("Hours"), element: { type: "number_input", action_id: "n", is_decimal_allowed: false, max_value: "12" } },
  ]);
  const id = /<label for="([^"]+)">Purpose/.exec(html)?.[1];
  expect(html).toMatch(new RegExp(`<input type="text" id="${id}" aria-describedby="${id}-hint"[^>]* value="Case"`));
  expect(html).toContain('<option value="4" selected="">4 hours</option>');
  expect(html).toMatch(/<input type="number" max="12" step="1"/);
});

test("what cannot be drawn says so", () => {
  expect(draw([{ type: "video", block_id: "v" }])).toContain("cannot draw “video”");
  expect(draw([{ type: "input", block_id: "v", label: plain("When"), element: { type: "datepicker", action_id: "d" } }])).toContain("cannot draw “datepicker”");
});

test("a message without blocks shows its text", () => {
  expect(draw([], "*hi*")).toBe('<div class="plain-text"><strong>hi</strong></div>');
});

test("only inputs that the message still has are sent", () => {
  const input = (block: string, action: string) =>
    ({ type: "input", block_id: block, label: plain("L"), element: { type: "plain_text_input", action_id: action } }) as Block;
  expect(present([input("new", "reason")], { "new reason": "done", "old reason": "lost", "new other": "gone" })).toEqual({ reason: "done" });
});

test("every screen of the product is drawn whole", () => {
  const folder = new URL("../../../../blocks/testdata/", import.meta.url);
  const screens = readdirSync(folder).filter((name) => name.endsWith(".json"));
  expect(screens.length).toBeGreaterThan(50);
  for (const name of screens) {
    const { blocks } = JSON.parse(readFileSync(new URL(name, folder), "utf8")) as { blocks: unknown[] };
    const html = draw(blocks);
    expect(html, name).not.toContain("cannot draw");
    expect(html, name).not.toContain('href="https://evil.example');
    expect(html, name).not.toContain('dateTime="1970');
    if (!name.startsWith("hostile")) {
      expect(html, name).not.toMatch(/&lt;[!@#]/);
    }
  }
});
