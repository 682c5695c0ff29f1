import { type KeyboardEvent, useRef, useState } from "react";

interface Props {
  label: string;
  placeholder: string;
  /** suggestions are texts that one press puts into the box. */
  suggestions: string[];
  send: (text: string) => Promise<void>;
}

/** Composer is a box to type in: Enter sends, Shift and Enter begin a new line. */
export function Composer({ label, placeholder, suggestions, send }: Props) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  const box = useRef<HTMLTextAreaElement>(null);

  const submit = async () => {
    if (text.trim() === "") {
      return;
    }
    setText("");
    setProblem(undefined);
    try {
      await send(text);
    } catch (error) {
      setText((typed) => typed || text); // nothing that was typed is lost
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.key === "Enter" && !e.shiftKey && !e.nativeEvent.isComposing) {
      e.preventDefault();
      void submit();
    }
  };
  return (
    <div className="composer">
      {problem && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
      <div className="box">
        <textarea
          ref={box}
          aria-label={label}
          placeholder={placeholder}
          rows={1}
          autoFocus
          value={text}
          onChange={(e) => setText(e.target.value)}
          onKeyDown={onKeyDown}
        />
        <button type="button" className="send" aria-label={`Send ${label.toLowerCase()}`} disabled={text.trim() === ""} onClick={() => void submit()}>
          <svg viewBox="0 0 20 20" width="16" height="16" aria-hidden="true">
            <path d="M2 3.500 18 10 2 16.500 4.500 11 12 10 4.500 9z" fill="currentColor" />
          </svg>
        </button>
      </div>
      {suggestions.length > 0 && (
        <p className="suggestions">
          Try{" "}
          {suggestions.map((s) => (
            <button
              key={s}
              type="button"
              onClick={() => {
                setText(s);
                box.current?.focus();
              }}
            >
              {s}
            </button>
          ))}
        </p>
      )}
    </div>
  );
}
