import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Click } from "./blocks";
import { Composer } from "./composer";
import { nameOf, useWorld } from "./context";
import { dayName } from "./date";
import { MessageView } from "./message";
import { ask } from "./server";
import type { Channel, Message } from "./types";

interface Props {
  channel: Channel;
  messages: ReadonlyMap<string, Message>;
  /** wanted is the ts of a message that a link leads to. */
  wanted: string | undefined;
  type: (text: string, thread?: string) => Promise<void>;
  click: (ts: string, click: Click) => Promise<void>;
}

const phrases = ["/emr", "It's showtime!", "How's the show?", "That's a wrap!"];

/** Thread is a message of the channel with its replies. */
export interface Thread {
  message: Message;
  replies: Message[];
}

/** threads puts replies under what they answer; a reply whose parent is gone stands for itself. */
export function threads(messages: Iterable<Message>, channel: string): Thread[] {
  const own = [...messages].filter((m) => m.channel === channel).sort((a, b) => (a.ts < b.ts ? -1 : 1));
  const roots = new Map<string, Thread>();
  for (const message of own) {
    const parent = message.thread === undefined ? undefined : roots.get(message.thread);
    if (parent) {
      parent.replies.push(message);
    } else {
      roots.set(message.ts, { message, replies: [] });
    }
  }
  return [...roots.values()];
}

export function ChannelView({ channel, messages, wanted, type, click }: Props) {
  const { room } = useWorld();
  const all = useMemo(() => threads(messages.values(), channel.id), [messages, channel.id]);
  // What came before the channel was opened and had not been read; what comes while one looks is not "new".
  const [unread] = useState({ after: channel.read, until: newestOf(all, () => true)?.ts ?? "" });
  const list = useRef<HTMLDivElement>(null);
  useScroll(list, all, wanted);
  const [missed, show] = useMissed(list, all, room.me);
  useReading(channel, all, room.me);
  return (
    <main className="channel" aria-label={channel.name}>
      <header>
        <h2>
          <span aria-hidden="true" className={channel.private ? "lock" : "hash"} />
          {channel.name}
        </h2>
        <span className="members">{channel.members.length - 1} members and Showtime</span>
      </header>
      <div className="messages" role="log" aria-label={`Messages in ${channel.name}`} tabIndex={0} ref={list}>
        {all.length === 0 && <Welcome channel={channel} />}
        {all.map((thread, i) => (
          <Row
            key={thread.message.ts}
            thread={thread}
            before={all[i - 1]}
            unread={unread}
            wanted={wanted}
            type={type}
            click={click}
          />
        ))}
      </div>
      {missed && (
        <button type="button" className="missed" onClick={show}>
          {nameOf(room, missed.user)} {missed.thread ? "replied in a thread" : "wrote"}: show
        </button>
      )}
      <Composer label="Message" placeholder={`Message #${channel.name}`} suggestions={channel.private ? ["/emr"] : phrases} send={(text) => type(text)} />
    </main>
  );
}

interface RowProps extends Pick<Props, "wanted" | "type" | "click"> {
  thread: Thread;
  before: Thread | undefined;
  unread: { after: string; until: string };
}

/** Row is one thread with the lines that may stand above it: a new day, and where reading stopped. */
function Row({ thread, before, unread, wanted, type, click }: RowProps) {
  const { ahead, room } = useWorld();
  const { message } = thread;
  const now = new Date(Date.now() + ahead);
  const day = dayName(new Date(message.at), now);
  const newDay = !before || dayName(new Date(before.message.at), now) !== day;
  const isNew = (m: Message) => unread.after !== "" && m.ts > unread.after && m.ts <= unread.until && m.user !== room.me;
  const newHere = isNew(message) && !(before && isNew(before.message));
  return (
    <>
      {newDay && (
        <div className="line day">
          <span>{day}</span>
        </div>
      )}
      {newHere && (
        <div className="line new">
          <span>New</span>
        </div>
      )}
      <MessageView
        thread={thread}
        compact={!newDay && !newHere && follows(before, message)}
        wanted={wanted === message.ts}
        type={type}
        click={click}
      />
    </>
  );
}

/** follows says whether a message needs no author and time of its own, because they are those above it. */
function follows(before: Thread | undefined, message: Message): boolean {
  return (
    before !== undefined &&
    before.replies.length === 0 &&
    before.message.user === message.user &&
    !before.message.ephemeral &&
    !message.ephemeral &&
    Date.parse(message.at) - Date.parse(before.message.at) < 300_000
  );
}

function Welcome({ channel }: { channel: Channel }) {
  return (
    <div className="welcome">
      <h3>
        This is <span className="mention">#{channel.name}</span>
      </h3>
      {channel.private ? (
        <p>Admins meet here. When an analyst asks to destroy the cluster, the request appears in this channel.</p>
      ) : (
        <p>
          Type <code>/emr</code> below and press Enter.
        </p>
      )}
    </div>
  );
}

type List = RefObject<HTMLDivElement | null>;

/** useScroll stays at the end as messages come, unless the reader has scrolled up, and goes to a wanted message. */
function useScroll(list: List, all: Thread[], wanted: string | undefined) {
  const atEnd = useRef(true);
  useEffect(() => {
    const element = list.current;
    const note = () => {
      if (element) {
        atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 80;
      }
    };
    element?.addEventListener("scroll", note);
    return () => element?.removeEventListener("scroll", note);
  }, [list]);
  useLayoutEffect(() => {
    if (atEnd.current && list.current) {
      list.current.scrollTop = list.current.scrollHeight;
    }
  }, [list, all]);
  useEffect(() => {
    if (wanted) {
      find(list, wanted)?.scrollIntoView({ block: "center" });
    }
  }, [list, wanted]);
}

const find = (list: List, ts: string) => list.current?.querySelector(`[data-ts="${ts}"]`);

/** newestOf is the last message, replies included, of which a test is true. */
function newestOf(all: Thread[], test: (m: Message) => boolean): Message | undefined {
  const fitting = all.flatMap((t) => [t.message, ...t.replies]).filter(test);
  return fitting.reduce<Message | undefined>((last, m) => (last && last.ts > m.ts ? last : m), undefined);
}

/** useMissed gives the newest message of others that came out of sight, above or below, and a way to it. */
function useMissed(list: List, all: Thread[], me: string): [Message | undefined, () => void] {
  const newest = newestOf(all, (m) => m.user !== me);
  const seen = useRef(newest?.ts ?? "");
  const [missed, setMissed] = useState<Message>();
  useEffect(() => {
    const element = newest && find(list, newest.ts);
    if (!element || !list.current || newest.ts <= seen.current) {
      return;
    }
    seen.current = newest.ts;
    const watcher = new IntersectionObserver(([entry]) => setMissed(entry?.isIntersecting ? undefined : newest), { root: list.current });
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [list, newest?.ts]);
  return [
    missed,
    () => {
      if (missed) {
        find(list, missed.ts)?.scrollIntoView({ block: "center" });
      }
      setMissed(undefined);
    },
  ];
}

/** useReading tells the backend how far this person has read, while the page is in view. */
function useReading(channel: Channel, all: Thread[], person: string) {
  const newest = newestOf(all, () => true)?.ts ?? "";
  const read = channel.read;
  const id = channel.id;
  useEffect(() => {
    const tell = () => {
      if (newest > read && document.visibilityState === "visible") {
        // A mark that got lost is made good by the next message.
        ask("read", { person, channel: id, ts: newest }).catch(() => undefined);
      }
    };
    tell();
    document.addEventListener("visibilitychange", tell);
    return () => document.removeEventListener("visibilitychange", tell);
  }, [newest, read, id, person]);
}
