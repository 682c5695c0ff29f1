import { type ReactNode, useEffect, useState } from "react";
import { nameOf, useWorld } from "./context";
import { ask } from "./server";
import type { Attempt, Behind, Cluster, Scenario, Switch, Waiting } from "./types";

interface Props {
  behind: Behind;
  doing: (what: Promise<void>) => Promise<void>;
}

/** Backstage is the panel for the curious: what stands behind Slack, and what can be done to it. */
export function Backstage({ behind, doing }: Props) {
  return (
    <aside className="backstage" aria-label="Behind the scenes">
      <h2>Behind the scenes</h2>
      {behind.trouble && <p className="problem">What stands behind cannot be read at the moment.</p>}
      <Part title="How the show goes">
        <Story />
      </Part>
      <Part title="Clock">
        <Clock ahead={behind.ahead} doing={doing} />
      </Part>
      <Part title="Scenarios">
        <Scenarios scenarios={behind.scenarios} doing={doing} />
      </Part>
      <Part title="What goes wrong" open={false}>
        <Switches switches={behind.switches} doing={doing} />
      </Part>
      <Part title="EMR’s clusters" count={behind.clusters?.length ?? 0}>
        <Clusters clusters={behind.clusters ?? []} />
      </Part>
      <Part title="Queue" count={behind.queue?.length ?? 0}>
        <Queue jobs={behind.queue ?? []} />
      </Part>
      <Part title="Audit" count={behind.audit?.length ?? 0}>
        <Audit attempts={behind.audit ?? []} />
      </Part>
      <Part title="The cluster’s row">{behind.row ? <Fields of={behind.row} /> : <p className="none">Nothing was ever started.</p>}</Part>
    </aside>
  );
}

function Part({ title, count, open = true, children }: { title: string; count?: number; open?: boolean; children: ReactNode }) {
  return (
    <details open={open}>
      <summary>
        <h3>{title}</h3>
        {count !== undefined && <span className="count">{count}</span>}
      </summary>
      {children}
    </details>
  );
}

function Story() {
  return (
    <ol className="story">
      <li>
        As <b>Ana</b>, type <code>/emr</code> and press <b>Start cluster</b>.
      </li>
      <li>Move the clock until the card says READY.</li>
      <li>
        As <b>Raj</b>, say <code>It's showtime!</code> and join.
      </li>
      <li>
        Type <code>/emr</code> again and press <b>Ask to destroy</b>.
      </li>
      <li>
        As <b>Mia</b>, approve in <b>emr-admins</b>. Move the clock; the card becomes the receipt.
      </li>
      <li>
        Be <b>Olli</b> and try any of it. Then have a scenario played, or let something go wrong.
      </li>
    </ol>
  );
}

const jumps: [string, number][] = [
  ["+1 min", 1],
  ["+10 min", 10],
  ["+1 h", 60],
];

function Clock({ ahead, doing }: { ahead: number; doing: Props["doing"] }) {
  const [, redraw] = useState(0);
  const [moving, setMoving] = useState(false);
  useEffect(() => {
    const timer = setInterval(() => redraw((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const now = new Date(Date.now() + ahead);
  const minutes = Math.round(ahead / 60_000);
  return (
    <div className="clock">
      <output aria-label="Time in the demo">{now.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" })}</output>
      {jumps.map(([name, by]) => (
        <button
          key={name}
          type="button"
          aria-disabled={moving}
          onClick={() => {
            if (!moving) {
              setMoving(true);
              void doing(ask("clock", { minutes: by })).finally(() => setMoving(false));
            }
          }}
        >
          {name}
        </button>
      ))}
      <span className="ahead">{minutes > 0 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min ahead` : "real time"}</span>
    </div>
  );
}

/** Scenarios are buttons, each of which has the show played to one screen. One is played at a time. */
function Scenarios({ scenarios, doing }: { scenarios: Scenario[]; doing: Props["doing"] }) {
  const [playing, setPlaying] = useState<string>();
  const play = (id: string) => {
    if (playing === undefined) {
      setPlaying(id);
      void doing(ask("scenario", { scenario: id })).finally(() => setPlaying(undefined));
    }
  };
  return (
    <ul className="scenarios">
      {scenarios.map((s) => (
        <li key={s.id}>
          <button type="button" aria-disabled={playing !== undefined} aria-busy={playing === s.id} aria-describedby={`scenario-${s.id}`} onClick={() => play(s.id)}>
            {s.name}
          </button>
          <p id={`scenario-${s.id}`}>{s.help}</p>
        </li>
      ))}
    </ul>
  );
}

function Switches({ switches, doing }: { switches: Switch[]; doing: Props["doing"] }) {
  return (
    <ul className="switches">
      {switches.map((s) => (
        <OneSwitch key={s.id} of={s} doing={doing} />
      ))}
    </ul>
  );
}

/** OneSwitch stands where it was put until the server had time to say where it stands. */
function OneSwitch({ of, doing }: { of: Switch; doing: Props["doing"] }) {
  const [wanted, setWanted] = useState<boolean>();
  const flip = (on: boolean) => {
    setWanted(on);
    void doing(ask("switch", { switch: of.id, on })).finally(() => setTimeout(() => setWanted(undefined), 1000));
  };
  return (
    <li>
      <label>
        <input type="checkbox" role="switch" checked={wanted ?? of.on} aria-describedby={`help-${of.id}`} onChange={(e) => flip(e.target.checked)} />
        <span>{of.name}</span>
      </label>
      <p id={`help-${of.id}`}>{of.help}</p>
    </li>
  );
}

const live = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING"];

function Clusters({ clusters }: { clusters: Cluster[] }) {
  if (clusters.length === 0) {
    return <p className="none">None.</p>;
  }
  return (
    <ul className="clusters">
      {clusters.map((c) => (
        <li key={c.id} className={live.includes(c.state) ? "live" : "over"}>
          <p>
            <code>{c.id}</code> <span className={`state ${c.state}`}>{c.state}</span>
            {c.protected && <span className="state">protected</span>}
          </p>
          {c.reason && <p className="reason">{c.reason}</p>}
          {c.tags && <Fields of={c.tags} />}
        </li>
      ))}
    </ul>
  );
}

/** Fields lists a record as it is stored: its names and values, nested ones below their own name. */
function Fields({ of }: { of: object }) {
  return (
    <dl>
      {Object.entries(of).map(([name, value]: [string, unknown]) => (
        <div key={name} className={isRecord(value) ? "nested" : ""}>
          <dt>{name}</dt>
          <dd>{isRecord(value) ? <Fields of={value} /> : write(name, value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** write shows one stored value; times lose their fractions, and lengths are nanoseconds. */
export function write(name: string, value: unknown): string {
  if (typeof value === "string") {
    return value.replace(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+/, "$1");
  }
  if (name === "length" && typeof value === "number") {
    return `${value / 3.6e12} h`;
  }
  return Array.isArray(value) ? value.map((v) => (typeof v === "string" ? v : JSON.stringify(v))).join(", ") : JSON.stringify(value);
}

function Queue({ jobs }: { jobs: Waiting[] }) {
  const { room } = useWorld();
  if (jobs.length === 0) {
    return <p className="none">Empty: everything asked has been done.</p>;
  }
  return (
    <ul className="lines">
      {jobs.map((j) => (
        <li key={j.id}>
          <b>{j.what}</b> by {nameOf(room, j.who)} <code>{j.group}</code>
          {j.receives > 0 && <span className="state">try {j.receives}</span>}
          {j.dead && <span className="state dead">dead letter</span>}
        </li>
      ))}
    </ul>
  );
}

function Audit({ attempts }: { attempts: Attempt[] }) {
  const { room } = useWorld();
  if (attempts.length === 0) {
    return <p className="none">Nobody has tried anything yet.</p>;
  }
  return (
    <ul className="lines">
      {attempts.map((a) => (
        <li key={`${a.at} ${a.id}`}>
          <time dateTime={a.at}>{new Date(a.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}</time>{" "}
          <b>{nameOf(room, a.who)}</b> {a.what} <span className={a.allowed ? "state" : "state refused"}>{a.outcome}</span>
          {a.why && <span className="why"> {a.why}</span>}
        </li>
      ))}
    </ul>
  );
}
