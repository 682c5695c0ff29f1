import { useState } from "react";
import { Body, type Click } from "./blocks";
import type { Thread } from "./channel";
import { Composer } from "./composer";
import { nameOf, useWorld } from "./context";
import { messageTime } from "./date";
import type { Message } from "./types";

interface Props {
  thread: Thread;
  /** compact leaves out author and time, which stand above already. */
  compact: boolean;
  wanted: boolean;
  type: (text: string, thread?: string) => Promise<void>;
  click: (ts: string, click: Click) => Promise<void>;
}

/** MessageView is one message with its thread below it. */
export function MessageView({ thread, compact, wanted, type, click }: Props) {
  const [answering, setAnswering] = useState(false);
  const { message, replies } = thread;
  return (
    <div className="thread">
      <One message={message} compact={compact} wanted={wanted} click={click} />
      {(replies.length > 0 || answering) && (
        <div className="replies" role="group" aria-label={replies.length === 1 ? "1 reply" : `${replies.length} replies`}>
          {replies.map((reply) => (
            <One key={reply.ts} message={reply} compact={false} wanted={false} click={click} />
          ))}
          {answering && (
            <Composer label="Reply" placeholder="Reply…" suggestions={[]} send={(text) => type(text, message.ts)} />
          )}
        </div>
      )}
      {!message.ephemeral && (
        <button type="button" className="reply" aria-expanded={answering} onClick={() => setAnswering(!answering)}>
          {answering ? "Close reply" : "Reply"}
        </button>
      )}
    </div>
  );
}

interface OneProps {
  message: Message;
  compact: boolean;
  wanted: boolean;
  click: (ts: string, click: Click) => Promise<void>;
}

function One({ message, compact, wanted, click }: OneProps) {
  const { room } = useWorld();
  const at = new Date(message.at);
  const name = nameOf(room, message.user);
  const kind = [compact && "compact", message.ephemeral && "ephemeral", wanted && "wanted"];
  return (
    <article className={`message ${kind.filter(Boolean).join(" ")}`} data-ts={message.ts} aria-label={`${name}, ${messageTime(at)}`}>
      {compact ? (
        <time className="gutter" dateTime={message.at}>
          {messageTime(at)}
        </time>
      ) : (
        <Avatar user={message.user} name={name} bot={room.bot} />
      )}
      <div className="content">
        {message.ephemeral && <p className="only-you">Only visible to you</p>}
        {!compact && (
          <p className="author">
            <b>{name}</b>
            {(message.user === room.bot || message.user === "USLACKBOT") && <span className="app">APP</span>}
            <time dateTime={message.at} title={at.toLocaleString()}>
              {messageTime(at)}
            </time>
          </p>
        )}
        <Body text={message.text} blocks={message.blocks} onClick={(c) => click(message.ts, c)} />
        {message.edited && !message.ephemeral && <span className="edited">(edited)</span>}
      </div>
    </article>
  );
}

function Avatar({ user, name, bot }: { user: string; name: string; bot: string }) {
  if (user === bot) {
    return <img className="avatar" src="/favicon.svg" alt="" width="36" height="36" />;
  }
  return (
    <span className={`avatar letter ${user}`} aria-hidden="true">
      {name[0]}
    </span>
  );
}
