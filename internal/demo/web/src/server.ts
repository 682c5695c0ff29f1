import { useEffect, useReducer } from "react";
import type { Behind, Message, Patch, Room } from "./types";

const token = typeof document === "undefined" ? "" : (document.querySelector<HTMLMetaElement>('meta[name="showtime-token"]')?.content ?? "");

/** ask has the backend do something; the error it throws is for the visitor to read. */
export async function ask(act: "type" | "click" | "read" | "clock" | "scenario" | "switch", body: object): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch(`/page/${act}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Showtime-Token": token },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Error("The demo is not running any more. Start it again and reload this page.");
  }
  if (!answer.ok) {
    throw new Error(await explain(answer));
  }
}

async function explain(answer: Response): Promise<string> {
  const text = await answer.text();
  try {
    const { error } = JSON.parse(text) as { error: string };
    return error.slice(0, 1).toUpperCase() + error.slice(1);
  } catch {
    return text.trim();
  }
}

export interface View {
  connected: boolean;
  room: Room | undefined;
  messages: ReadonlyMap<string, Message>;
  behind: Behind | undefined;
}

export const nothing: View = { connected: false, room: undefined, messages: new Map(), behind: undefined };

const key = (m: { channel: string; ts: string }) => `${m.channel}/${m.ts}`;

/** apply changes what a page shows by one patch. */
export function apply(view: View, patch: Patch): View {
  const from = patch.fresh ? nothing : view;
  const messages = new Map(from.messages);
  for (const gone of patch.gone ?? []) {
    messages.delete(key(gone));
  }
  for (const message of patch.messages ?? []) {
    messages.set(key(message), message);
  }
  return {
    connected: true,
    room: patch.room ?? from.room,
    behind: patch.behind ?? from.behind,
    messages: patch.messages || patch.gone || patch.fresh ? messages : from.messages,
  };
}

type Step = Patch | "lost";

/** useView follows what a person sees, from the first moment and across lost connections. */
export function useView(person: string): View {
  const [view, dispatch] = useReducer((was: View, step: Step) => (step === "lost" ? { ...was, connected: false } : apply(was, step)), nothing);
  useEffect(() => {
    const source = new EventSource(`/page/events?person=${encodeURIComponent(person)}`);
    source.onmessage = (event: MessageEvent<string>) => dispatch(JSON.parse(event.data) as Patch);
    source.onerror = () => dispatch("lost");
    return () => source.close();
  }, [person]);
  return view;
}
