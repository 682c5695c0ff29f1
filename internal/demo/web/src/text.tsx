import type { ReactNode } from "react";
import { nameOf, useWorld } from "./context";
import { formatDate } from "./date";
import { type Node, parse } from "./mrkdwn";
import type { RichText, Text } from "./types";

/** TextObject draws a text of Block Kit: mrkdwn as mrkdwn, plain text as nothing but text. */
export function TextObject({ text }: { text: Text }) {
  return text.type === "mrkdwn" ? <Mrkdwn text={text.text} verbatim={text.verbatim === true} /> : <Plain text={text.text} />;
}

export function Mrkdwn({ text, verbatim = false }: { text: string; verbatim?: boolean }) {
  return <Nodes nodes={parse(text, verbatim)} />;
}

/** Rich draws the rich text of a table's cell. */
export function Rich({ elements }: { elements: RichText[] }) {
  return <Nodes nodes={elements.map(node)} />;
}

function node(element: RichText): Node {
  switch (element.type) {
    case "text":
      return { kind: "text", text: element.text };
    case "user":
      return { kind: "user", id: element.user_id };
    case "usergroup":
      return { kind: "group", id: element.usergroup_id, label: "" };
    case "date":
      return { kind: "date", unix: element.timestamp, format: element.format, fallback: element.fallback ?? "" };
  }
}

// The circles that states are drawn with, so that they look alike on every machine; the character
// itself stays in the text for whoever copies, searches or listens to it.
const circles: Record<string, string> = { "🟢": "green", "🟡": "yellow", "🟠": "orange", "🔴": "red", "⚪": "white", "⚫": "black" };

/** Plain draws text as it is. */
export function Plain({ text }: { text: string }): ReactNode {
  return text.split(/(🟢|🟡|🟠|🔴|⚪|⚫)/u).map((part, i) =>
    circles[part] ? (
      <span key={i} className={`circle ${circles[part]}`}>
        {part}
      </span>
    ) : (
      part
    ),
  );
}

function Nodes({ nodes }: { nodes: Node[] }): ReactNode {
  return nodes.map((node, i) => <One key={i} node={node} />);
}

function One({ node }: { node: Node }): ReactNode {
  const { room } = useWorld();
  switch (node.kind) {
    case "text":
      return <Plain text={node.text} />;
    case "style":
      return <Styled node={node} />;
    case "code":
      return <code>{node.text}</code>;
    case "pre":
      return <pre>{node.text}</pre>;
    case "quote":
      return (
        <blockquote>
          <Nodes nodes={node.children} />
        </blockquote>
      );
    case "user":
      return <span className={node.id === room.me ? "mention me" : "mention"}>@{nameOf(room, node.id)}</span>;
    case "group":
      return <span className="mention">@{room.groups[node.id] ?? (node.label.replace(/^@/, "") || node.id)}</span>;
    case "channel":
      return <span className="mention">#{room.channels.find((c) => c.id === node.id)?.name ?? (node.label || node.id)}</span>;
    case "broadcast":
      return <span className="mention me">@{node.name}</span>;
    case "date":
      return <DateToken node={node} />;
    case "link":
      return <Link href={node.href} label={node.label} />;
  }
}

function Styled({ node }: { node: Extract<Node, { kind: "style" }> }) {
  const children = <Nodes nodes={node.children} />;
  switch (node.style) {
    case "bold":
      return <strong>{children}</strong>;
    case "italic":
      return <em>{children}</em>;
    case "strike":
      return <s>{children}</s>;
  }
}

function DateToken({ node }: { node: Extract<Node, { kind: "date" }> }) {
  const { ahead } = useWorld();
  const text = formatDate(node.unix, node.format, new Date(Date.now() + ahead));
  if (text === undefined) {
    return node.fallback;
  }
  return (
    <time dateTime={new Date(node.unix * 1000).toISOString()} title={node.fallback}>
      {text}
    </time>
  );
}

function Link({ href, label }: { href: string; label: string }) {
  const { follow } = useWorld();
  return (
    <a
      href={href}
      rel="noreferrer"
      onClick={(e) => {
        e.preventDefault();
        follow(href);
      }}
    >
      {label}
    </a>
  );
}
