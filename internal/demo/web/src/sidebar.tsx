import { useEffect } from "react";
import { address, type Place } from "./place";
import { useStored } from "./stored";
import type { Channel, Room } from "./types";

interface Props {
  room: Room;
  unread: Map<string, number>;
  current: string | undefined;
  place: Place;
  go: (to: Partial<Place>) => void;
  backstage: boolean;
  toggleBackstage: () => void;
}

export function Sidebar({ room, unread, current, place, go, backstage, toggleBackstage }: Props) {
  return (
    <nav className="sidebar" aria-label="Workspace">
      <h1>
        <img src="/favicon.svg" alt="" width="28" height="28" /> Showtime demo
      </h1>
      <label className="person">
        <span>Person</span>
        <select value={room.me} onChange={(e) => go({ person: e.target.selectedOptions[0]?.dataset["name"] ?? place.person })}>
          {room.people.map((p) => (
            <option key={p.id} value={p.id} data-name={p.name.toLowerCase()}>
              {p.name} ({p.role})
            </option>
          ))}
        </select>
      </label>
      <h2>Channels</h2>
      <ul>
        {room.channels.map((channel) => (
          <li key={channel.id}>
            <ChannelLink channel={channel} unread={unread.get(channel.id) ?? 0} current={channel.id === current} place={place} go={go} />
          </li>
        ))}
      </ul>
      <div className="sidebar-foot">
        <button type="button" aria-pressed={backstage} onClick={toggleBackstage}>
          Behind the scenes
        </button>
        <ThemeSwitch />
      </div>
    </nav>
  );
}

interface LinkProps {
  channel: Channel;
  unread: number;
  current: boolean;
  place: Place;
  go: (to: Partial<Place>) => void;
}

function ChannelLink({ channel, unread, current, place, go }: LinkProps) {
  return (
    <a
      href={address({ ...place, channel: channel.name })}
      className={unread > 0 ? "unread" : ""}
      aria-current={current ? "page" : undefined}
      onClick={(e) => {
        if (!e.ctrlKey && !e.metaKey && !e.shiftKey) {
          e.preventDefault();
          go({ channel: channel.name });
        }
      }}
    >
      <span aria-hidden="true" className={channel.private ? "lock" : "hash"} />
      <span>{channel.name}</span>
      {unread > 0 && (
        <span className="badge">
          {unread}
          <span className="hidden"> unread</span>
        </span>
      )}
    </a>
  );
}

const themes: Record<string, string> = { auto: "As the system", light: "Light", dark: "Dark" };

function ThemeSwitch() {
  const [theme, setTheme] = useStored("theme", "auto");
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  return (
    <label className="theme">
      <span>Colours</span>
      <select value={theme} onChange={(e) => setTheme(e.target.value)}>
        {Object.entries(themes).map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
