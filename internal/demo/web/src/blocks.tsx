import { type ReactNode, useId, useState } from "react";
import { ConfirmDialog } from "./confirm";
import { Mrkdwn, Plain, Rich, TextObject } from "./text";
import type { Block, Button, Cell, Confirm, Element, Input, Select } from "./types";

/** Click is a pressed button with what the message's inputs hold, by action id. */
export interface Click {
  action: string;
  block: string;
  values: Record<string, string>;
  url?: string;
}

interface Form {
  /** values hold what was filled in; an input that nobody touched is not among them. */
  values: Record<string, string>;
  fill: (id: string, value: string) => void;
  press: (button: Button, block: string) => void;
  busy: string | undefined;
}

/** Blocks draws a message's Block Kit and reports the clicks in it, after their confirm dialog. */
export function Blocks({ blocks, onClick }: { blocks: Block[]; onClick: (click: Click) => Promise<void> }) {
  // Inputs keep what was typed for as long as their block keeps its id, as in Slack.
  const [filled, setFilled] = useState<Record<string, string>>({});
  const [asking, setAsking] = useState<{ confirm: Confirm; send: () => void }>();
  const [busy, setBusy] = useState<string>();

  const send = (button: Button, block: string) => {
    setBusy(block + button.action_id);
    const click = { action: button.action_id, block, values: present(blocks, filled) };
    void onClick(button.url ? { ...click, url: button.url } : click).finally(() => setBusy(undefined));
  };
  const form: Form = {
    values: filled,
    fill: (id, value) => setFilled((was) => ({ ...was, [id]: value })),
    press: (button, block) =>
      button.confirm ? setAsking({ confirm: button.confirm, send: () => send(button, block) }) : send(button, block),
    busy,
  };
  return (
    <div className="blocks">
      {blocks.map((block) => (
        <BlockView key={block.block_id} block={block} form={form} />
      ))}
      {asking && (
        <ConfirmDialog
          confirm={asking.confirm}
          onClose={(agreed) => {
            setAsking(undefined);
            if (agreed) {
              asking.send();
            }
          }}
        />
      )}
    </div>
  );
}

const key = (block: string, action: string) => `${block} ${action}`;

/** present gives what was filled into the inputs that the message still has, by action id. */
export function present(blocks: Block[], filled: Record<string, string>): Record<string, string> {
  const values: Record<string, string> = {};
  for (const block of blocks) {
    for (const element of inputsOf(block)) {
      const value = filled[key(block.block_id, element.action_id)];
      if (value !== undefined) {
        values[element.action_id] = value;
      }
    }
  }
  return values;
}

function inputsOf(block: Block): Element[] {
  switch (block.type) {
    case "input":
      return [block.element];
    case "actions":
      return block.elements;
    case "section":
      return block.accessory ? [block.accessory] : [];
    default:
      return [];
  }
}

function BlockView({ block, form }: { block: Block; form: Form }): ReactNode {
  switch (block.type) {
    case "header":
      return (
        <h3 className="header">
          <Plain text={block.text.text} />
        </h3>
      );
    case "divider":
      return <hr />;
    case "section":
      return <Section block={block} form={form} />;
    case "context":
      return (
        <div className="context">
          {block.elements.map((text, i) => (
            <span key={i}>
              <TextObject text={text} />
            </span>
          ))}
        </div>
      );
    case "actions":
      return (
        <div className="actions">
          {block.elements.map((element) => (
            <ElementView key={element.action_id} element={element} block={block.block_id} form={form} />
          ))}
        </div>
      );
    case "input":
      return <InputBlock block={block} form={form} />;
    case "table":
      return <Table rows={block.rows} />;
    default:
      return <Unknown what={(block as { type: string }).type} />;
  }
}

function Section({ block, form }: { block: Extract<Block, { type: "section" }>; form: Form }) {
  return (
    <div className="section">
      <div className="section-text">
        {block.text && (
          <p>
            <TextObject text={block.text} />
          </p>
        )}
        {block.fields && (
          <div className="fields">
            {block.fields.map((field, i) => (
              <p key={i}>
                <TextObject text={field} />
              </p>
            ))}
          </div>
        )}
      </div>
      {block.accessory && <ElementView element={block.accessory} block={block.block_id} form={form} />}
    </div>
  );
}

/** Table draws its first row as the head, as Slack does. */
function Table({ rows: [head, ...rows] }: { rows: Cell[][] }) {
  return (
    <div className="table">
      <table>
        <thead>
          <tr>
            {head?.map((cell, i) => (
              <th key={i} scope="col">
                <CellView cell={cell} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr key={i}>
              {row.map((cell, j) => (
                <td key={j}>
                  <CellView cell={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CellView({ cell }: { cell: Cell }): ReactNode {
  return cell.elements.map((section, i) => <Rich key={i} elements={section.elements} />);
}

function InputBlock({ block, form }: { block: Extract<Block, { type: "input" }>; form: Form }) {
  const id = useId();
  return (
    <div className="input">
      <label htmlFor={id}>
        {block.label.text}
        {block.optional && <span className="optional"> (optional)</span>}
      </label>
      <InputView element={block.element} block={block.block_id} form={form} id={id} hint={block.hint && `${id}-hint`} />
      {block.hint && (
        <span className="hint" id={`${id}-hint`}>
          {block.hint.text}
        </span>
      )}
    </div>
  );
}

function ElementView({ element, block, form }: { element: Element; block: string; form: Form }) {
  return element.type === "button" ? (
    <ButtonView button={element} block={block} form={form} />
  ) : (
    <InputView element={element} block={block} form={form} />
  );
}

function ButtonView({ button, block, form }: { button: Button; block: string; form: Form }) {
  return (
    <button
      type="button"
      className={`slack-button ${button.style ?? ""}`}
      aria-label={button.accessibility_label}
      aria-busy={form.busy === block + button.action_id || undefined}
      aria-haspopup={button.confirm ? "dialog" : undefined}
      onClick={() => form.press(button, block)}
    >
      <Plain text={button.text.text} />
      {button.url && <span className="away" aria-hidden="true" />}
    </button>
  );
}

interface InputProps {
  element: Input;
  block: string;
  form: Form;
  id?: string;
  hint?: string | undefined;
}

function InputView({ element, block, form, id, hint }: InputProps) {
  const name = key(block, element.action_id);
  const shared = {
    id,
    "aria-describedby": hint,
    "aria-label": id ? undefined : element.placeholder?.text,
    onChange: (e: { target: { value: string } }) => form.fill(name, e.target.value),
  };
  const value = form.values[name];
  switch (element.type) {
    case "static_select":
      return <SelectView element={element} value={value} shared={shared} />;
    case "plain_text_input": {
      const limits = { minLength: element.min_length, maxLength: element.max_length };
      const text = { ...shared, ...limits, value: value ?? element.initial_value ?? "", placeholder: element.placeholder?.text };
      return element.multiline ? <textarea rows={3} {...text} /> : <input type="text" {...text} />;
    }
    case "number_input":
      return (
        <input
          type="number"
          min={element.min_value}
          max={element.max_value}
          step={element.is_decimal_allowed ? "any" : 1}
          placeholder={element.placeholder?.text}
          value={value ?? element.initial_value ?? ""}
          {...shared}
        />
      );
    default:
      return <Unknown what={(element as { type: string }).type} />;
  }
}

function SelectView({ element, value, shared }: { element: Select; value: string | undefined; shared: object }) {
  return (
    <select value={value ?? element.initial_option?.value ?? ""} {...shared}>
      {!element.initial_option && value === undefined && (
        <option value="" disabled>
          {element.placeholder?.text ?? "Choose an option"}
        </option>
      )}
      {element.options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.text.text}
        </option>
      ))}
    </select>
  );
}

/** Unknown says what is missing, so that a new kind of block cannot vanish unnoticed. */
function Unknown({ what }: { what: string }) {
  return <p className="unknown">This page cannot draw “{what}”.</p>;
}

/** Body is what a message says: its blocks, or its text where it has none. */
export function Body({ text, blocks, onClick }: { text: string; blocks: Block[] | undefined; onClick: (click: Click) => Promise<void> }) {
  return blocks && blocks.length > 0 ? (
    <Blocks blocks={blocks} onClick={onClick} />
  ) : (
    <div className="plain-text">
      <Mrkdwn text={text} />
    </div>
  );
}
