import { expect, test } from "vitest";
import { type Node, parse, safeURL, unescape } from "./mrkdwn";

const text = (s: string): Node => ({ kind: "text", text: s });
const styled = (style: "bold" | "italic" | "strike", ...children: Node[]): Node => ({ kind: "style", style, children });

test.each<[string, string, Node[]]>([
  ["escapes are undone once", "a &lt;b&gt; &amp;amp; &quot;", [text("a <b> &amp; &quot;")]],
  ["an escaped token stays text", "&lt;https://evil.example|Open&gt;", [text("<https://evil.example|Open>")]],
  ["a person", "by <@U0ANA>.", [text("by "), { kind: "user", id: "U0ANA" }, text(".")]],
  ["a group", "<!subteam^S0ADMINS>", [{ kind: "group", id: "S0ADMINS", label: "" }]],
  ["a channel", "<#C0HUNT|hunt>", [{ kind: "channel", id: "C0HUNT", label: "hunt" }]],
  ["everybody", "<!channel>", [{ kind: "broadcast", name: "channel" }]],
  [
    "a date",
    "<!date^1795428000^{date_short_pretty} at {time}|10:00 UTC>",
    [{ kind: "date", unix: 1795428000, format: "{date_short_pretty} at {time}", fallback: "10:00 UTC" }],
  ],
  ["a link", "<https://a.example/?x=1&amp;y=2|there>", [{ kind: "link", href: "https://a.example/?x=1&y=2", label: "there" }]],
  ["a link without a label", "<https://a.example>", [{ kind: "link", href: "https://a.example", label: "https://a.example" }]],
  ["a script is no link", "<javascript:alert(1)|here>", [text("here")]],
  ["data is no link", "<data:text/html,x>", [text("<data:text/html,x>")]],
  ["an unknown token", "<!foo>", [text("<!foo>")]],
  ["styles", "*b* _i_ ~s~", [styled("bold", text("b")), text(" "), styled("italic", text("i")), text(" "), styled("strike", text("s"))]],
  ["a style around a person", "*by <@U0ANA>*", [styled("bold", text("by "), { kind: "user", id: "U0ANA" })]],
  ["marks within words", "2*3*4 snake_case_name", [text("2*3*4 snake_case_name")]],
  ["marks beside spaces", "a * b * c", [text("a * b * c")]],
  ["code keeps its marks", "`*x* &lt;y`", [{ kind: "code", text: "*x* <y" }]],
  ["a code block", "a```\nx *y*```", [text("a"), { kind: "pre", text: "x *y*" }]],
  ["a quote", "&gt; it\n&gt; was\nnot", [{ kind: "quote", children: [text("it\nwas")] }, text("not")]],
  ["a sign in a line is no quote", "a &gt; b", [text("a > b")]],
])("%s", (_, source, want) => {
  expect(parse(source, true)).toEqual(want);
});

test("bare addresses become links unless the text is verbatim", () => {
  const link: Node = { kind: "link", href: "https://a.example/x", label: "https://a.example/x" };
  expect(parse("see https://a.example/x.", false)).toEqual([text("see "), link, text(".")]);
  expect(parse("see https://a.example/x.", true)).toEqual([text("see https://a.example/x.")]);
  expect(parse("&lt;https://a.example/x&gt;", false)).toEqual([text("<"), link, text(">")]);
});

test("nothing is lost: text without tokens comes back as it was", () => {
  for (const source of ["", "*", "``", "<", "a\nb", "*open", "`open", "~~", "😀 ⚪ OFF"]) {
    const joined = parse(source, true).map((n) => ("text" in n ? n.text : "?")).join("");
    expect(joined).toBe(source);
  }
});

test("only addresses of the web and of mail are followed", () => {
  expect(safeURL("https://a.example")).toBeDefined();
  expect(safeURL("mailto:a@b.example")).toBeDefined();
  for (const bad of ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "file:///etc/passwd", "//a.example", "x"]) {
    expect(safeURL(bad)).toBeUndefined();
  }
});

test("an escape is undone no second time", () => {
  expect(unescape("&amp;lt;b&amp;gt;")).toBe("&lt;b&gt;");
});
