// Slack's mrkdwn as a tree. Text is unescaped only here and becomes text nodes only, so nothing that
// a message says can become markup of the page.

export type Style = "bold" | "italic" | "strike";

export type Node =
  | { kind: "text"; text: string }
  | { kind: "style"; style: Style; children: Node[] }
  | { kind: "code"; text: string }
  | { kind: "pre"; text: string }
  | { kind: "quote"; children: Node[] }
  | { kind: "user"; id: string }
  | { kind: "group"; id: string; label: string }
  | { kind: "channel"; id: string; label: string }
  | { kind: "broadcast"; name: string }
  | { kind: "date"; unix: number; format: string; fallback: string }
  | { kind: "link"; href: string; label: string };

const entities: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };

/** unescape undoes the three escapes Slack has, each once. */
export function unescape(text: string): string {
  return text.replace(/&(?:amp|lt|gt);/g, (entity) => entities[entity]!);
}

/** safeURL gives an address that may become a link, else undefined. */
export function safeURL(address: string): string | undefined {
  try {
    const url = new URL(address);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? address : undefined;
  } catch {
    return undefined;
  }
}

/** parse reads mrkdwn; bare addresses become links unless it is verbatim. */
export function parse(text: string, verbatim: boolean): Node[] {
  const nodes: Node[] = [];
  for (const [i, part] of text.split("```").entries()) {
    if (i % 2 === 1 && part !== "") {
      nodes.push({ kind: "pre", text: unescape(part.replace(/^\n/, "")) });
    } else {
      nodes.push(...quotes(part, verbatim));
    }
  }
  return nodes;
}

function quotes(text: string, verbatim: boolean): Node[] {
  const nodes: Node[] = [];
  for (const run of text.split(/((?:^|(?<=\n))&gt; ?.*(?:\n&gt; ?.*)*\n?)/)) {
    if (run.startsWith("&gt;")) {
      nodes.push({ kind: "quote", children: inline(run.trimEnd().replace(/^&gt; ?/gm, ""), verbatim) });
    } else if (run !== "") {
      nodes.push(...inline(run, verbatim));
    }
  }
  return nodes;
}

const styles: Record<string, Style> = { "*": "bold", _: "italic", "~": "strike" };

// A token in angle brackets, inline code, styled words (marks stand at word borders), a bare address.
const pattern = new RegExp(
  [
    "<([^<>\\n]+)>",
    "`([^`\\n]+)`",
    "(?<![\\p{L}\\p{N}*_~])([*_~])(?=\\S)([^\\n]*?\\S)\\3(?![\\p{L}\\p{N}])",
    "(https?:\\/\\/(?:(?!&[lg]t;)[^\\s<>|])*(?!&[lg]t;)[^\\s<>|.,;:!?)\\]'\"])",
  ].join("|"),
  "gu",
);

function inline(text: string, verbatim: boolean): Node[] {
  const nodes: Node[] = [];
  let end = 0;
  for (const found of text.matchAll(pattern)) {
    const [whole, token, code, mark, styled, address] = found;
    add(nodes, { kind: "text", text: unescape(text.slice(end, found.index)) });
    add(nodes, read(whole, verbatim, { token, code, mark, styled, address }));
    end = found.index + whole.length;
  }
  add(nodes, { kind: "text", text: unescape(text.slice(end)) });
  return nodes;
}

/** add appends a node, text to the text before it. */
function add(nodes: Node[], node: Node) {
  const last = nodes.at(-1);
  if (node.kind === "text" && last?.kind === "text") {
    last.text += node.text;
  } else if (node.kind !== "text" || node.text !== "") {
    nodes.push(node);
  }
}

type Groups = Record<"token" | "code" | "mark" | "styled" | "address", string | undefined>;

function read(whole: string, verbatim: boolean, g: Groups): Node {
  if (g.token !== undefined) {
    return angle(g.token);
  }
  if (g.code !== undefined) {
    return { kind: "code", text: unescape(g.code) };
  }
  if (g.mark !== undefined && g.styled !== undefined) {
    return { kind: "style", style: styles[g.mark]!, children: inline(g.styled, verbatim) };
  }
  const href = unescape(whole);
  return verbatim || !safeURL(href) ? { kind: "text", text: href } : { kind: "link", href, label: href };
}

/** angle reads what stood between < and >. What Slack does not know stays text. */
function angle(token: string): Node {
  const bar = token.indexOf("|");
  const target = bar < 0 ? token : token.slice(0, bar);
  const label = bar < 0 ? "" : unescape(token.slice(bar + 1));
  const date = /^!date\^(\d+)\^([^^]+)(?:\^[^^]+)?$/.exec(target);
  if (date) {
    return { kind: "date", unix: Number(date[1]), format: unescape(date[2]!), fallback: label };
  }
  const mention = /^(@|#|!subteam\^)([A-Z0-9]+)$/.exec(target);
  switch (mention?.[1]) {
    case "@":
      return { kind: "user", id: mention[2]! };
    case "#":
      return { kind: "channel", id: mention[2]!, label };
    case "!subteam^":
      return { kind: "group", id: mention[2]!, label };
  }
  if (/^!(here|channel|everyone)$/.test(target)) {
    return { kind: "broadcast", name: target.slice(1) };
  }
  const href = unescape(target);
  return safeURL(href)
    ? { kind: "link", href, label: label || href }
    : { kind: "text", text: label || `<${unescape(token)}>` };
}
