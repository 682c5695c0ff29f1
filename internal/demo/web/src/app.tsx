import { useState } from "react";
import { Backstage } from "./backstage";
import { ChannelView } from "./channel";
import { WorldContext } from "./context";
import { usePlace } from "./place";
import { ask, useView, type View } from "./server";
import { Sidebar } from "./sidebar";
import { useStored } from "./stored";

export function App() {
  const [place, go] = usePlace();
  const view = useView(place.person);
  const [note, setNote] = useState<string>();
  const [backstage, setBackstage] = useStored("backstage", "open");
  const [wanted, setWanted] = useState<string>();

  const doing = async (what: Promise<void>): Promise<void> => {
    try {
      setNote(undefined);
      await what;
    } catch (error) {
      setNote(error instanceof Error ? error.message : String(error));
    }
  };

  if (!view.room) {
    return <p className="loading">{view.connected ? "" : "Connecting…"}</p>;
  }
  const room = view.room;
  const me = room.me;
  const channel = room.channels.find((c) => c.name === place.channel) ?? room.channels[0];
  const follow = (href: string) => {
    const link = /\/archives\/(\w+)\/p(\d+)(\d{6})(?:\?|$)/.exec(href);
    const target = room.channels.find((c) => c.id === link?.[1]);
    if (link && target) {
      go({ channel: target.name });
      setWanted(`${link[2]}.${link[3]}`);
    } else {
      setNote(`In the demo nothing stands behind this link: ${href}`);
    }
  };

  return (
    <WorldContext value={{ room, ahead: view.behind?.ahead ?? 0, follow }}>
      <div className={backstage === "open" ? "page with-backstage" : "page"}>
        <Sidebar
          room={room}
          unread={unread(view)}
          current={channel?.id}
          place={place}
          go={go}
          backstage={backstage === "open"}
          toggleBackstage={() => setBackstage(backstage === "open" ? "closed" : "open")}
        />
        {channel && (
          <ChannelView
            key={`${me} ${channel.id}`}
            channel={channel}
            messages={view.messages}
            wanted={wanted}
            type={(text, thread) => ask("type", { person: me, channel: channel.id, text, thread })}
            click={async (ts, { url, ...click }) => {
              await doing(ask("click", { person: me, channel: channel.id, ts, ...click }));
              if (url) {
                follow(url);
              }
            }}
          />
        )}
        {backstage === "open" && view.behind && <Backstage behind={view.behind} doing={doing} />}
        <Notes note={note} lost={!view.connected} close={() => setNote(undefined)} />
      </div>
    </WorldContext>
  );
}

function Notes({ note, lost, close }: { note: string | undefined; lost: boolean; close: () => void }) {
  const text = lost ? "The connection to the demo is lost; trying again." : note;
  return (
    <div className="notes" role="alert">
      {text && (
        <p>
          {text}
          {!lost && (
            <button type="button" aria-label="Dismiss" onClick={close}>
              ×
            </button>
          )}
        </p>
      )}
    </div>
  );
}

/** unread counts, by channel, the messages that somebody else wrote since it was read. */
export function unread(view: View): Map<string, number> {
  const counts = new Map<string, number>();
  for (const channel of view.room?.channels ?? []) {
    let n = 0;
    for (const message of view.messages.values()) {
      if (message.channel === channel.id && message.ts > channel.read && message.user !== view.room?.me) {
        n++;
      }
    }
    counts.set(channel.id, n);
  }
  return counts;
}
