import { useEffect, useState } from "react";

/** Place is who one is and where, as the address says it. */
export interface Place {
  person: string;
  channel: string;
}

const first: Place = { person: "ana", channel: "threat-hunting" };

export function readPlace(search: string): Place {
  const query = new URLSearchParams(search);
  return { person: query.get("person") ?? first.person, channel: query.get("channel") ?? first.channel };
}

export function address(place: Place): string {
  return `?${new URLSearchParams({ ...place }).toString()}`;
}

/** usePlace keeps person and channel in the address, so that reloading and going back keep them. */
export function usePlace(): [Place, (to: Partial<Place>) => void] {
  const [place, setPlace] = useState(() => readPlace(location.search));
  useEffect(() => {
    const back = () => setPlace(readPlace(location.search));
    addEventListener("popstate", back);
    return () => removeEventListener("popstate", back);
  }, []);
  const go = (to: Partial<Place>) => {
    const next = { ...place, ...to };
    history.pushState(null, "", address(next));
    setPlace(next);
  };
  return [place, go];
}
