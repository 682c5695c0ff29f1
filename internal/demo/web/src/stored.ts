import { useEffect, useState } from "react";

/** useStored remembers a choice of the visitor's about the page itself. */
export function useStored(name: string, initial: string): [string, (value: string) => void] {
  const [value, setValue] = useState(() => localStorage.getItem(`showtime-${name}`) ?? initial);
  useEffect(() => localStorage.setItem(`showtime-${name}`, value), [name, value]);
  return [value, setValue];
}
