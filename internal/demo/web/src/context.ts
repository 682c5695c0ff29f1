import { createContext, useContext } from "react";
import type { Room } from "./types";

/** World is what every text on the page may need: who people are, what time it is, where links lead. */
export interface World {
  room: Room;
  /** ahead is by how many milliseconds the demo's clock is ahead of the real one. */
  ahead: number;
  /** follow goes where a link of a message leads. */
  follow: (href: string) => void;
}

export const WorldContext = createContext<World | null>(null);

export function useWorld(): World {
  const world = useContext(WorldContext);
  if (!world) {
    throw new Error("a component was drawn outside WorldContext");
  }
  return world;
}

/** nameOf is a person's name, the app's for its bot, or the bare id of somebody unknown. */
export function nameOf(room: Room, user: string): string {
  if (user === room.bot) {
    return "Showtime";
  }
  if (user === "USLACKBOT") {
    return "Slackbot";
  }
  return room.people.find((p) => p.id === user)?.name ?? user;
}
