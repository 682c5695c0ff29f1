// What the page's backend sends; its Go side is in view.go, backstage.go and stream.go.

export interface Person {
  id: string;
  name: string;
  role: string;
}

export interface Channel {
  id: string;
  name: string;
  private?: boolean;
  members: string[];
  read: string;
}

export interface Room {
  me: string;
  bot: string;
  people: Person[];
  groups: Record<string, string>;
  channels: Channel[];
}

export interface Message {
  channel: string;
  ts: string;
  at: string;
  thread?: string;
  user: string;
  text: string;
  blocks?: Block[];
  ephemeral?: boolean;
  edited?: boolean;
}

export interface Cluster {
  id: string;
  name: string;
  state: string;
  reason?: string;
  created: string;
  protected?: boolean;
  tags?: Record<string, string>;
}

export interface Waiting {
  id: string;
  what: string;
  who: string;
  group: string;
  sent_at: string;
  receives: number;
  dead?: boolean;
}

export interface Attempt {
  id: string;
  at: string;
  who: string;
  what: string;
  generation: number;
  allowed: boolean;
  outcome: string;
  why?: string;
  ref?: string;
}

export interface Scenario {
  id: string;
  name: string;
  help: string;
}

export interface Switch {
  id: string;
  name: string;
  help: string;
  on: boolean;
}

export interface Behind {
  clusters: Cluster[] | null;
  row: Record<string, unknown> | null;
  queue: Waiting[] | null;
  audit: Attempt[] | null;
  scenarios: Scenario[];
  switches: Switch[];
  ahead: number;
  trouble?: boolean;
}

export interface Patch {
  fresh?: boolean;
  room?: Room;
  messages?: Message[];
  gone?: { channel: string; ts: string }[];
  behind?: Behind;
}

// The Block Kit that is drawn. Anything else arrives as an UnknownBlock or UnknownElement.

export interface Text {
  type: "plain_text" | "mrkdwn";
  text: string;
  verbatim?: boolean;
}

export interface Confirm {
  title: Text;
  text: Text;
  confirm: Text;
  deny: Text;
  style?: "primary" | "danger";
}

export interface Option {
  text: Text;
  value: string;
}

export interface Button {
  type: "button";
  action_id: string;
  text: Text;
  url?: string;
  style?: "primary" | "danger";
  confirm?: Confirm;
  accessibility_label?: string;
}

export interface Select {
  type: "static_select";
  action_id: string;
  placeholder?: Text;
  options: Option[];
  initial_option?: Option;
}

export interface TextInput {
  type: "plain_text_input";
  action_id: string;
  placeholder?: Text;
  initial_value?: string;
  multiline?: boolean;
  min_length?: number;
  max_length?: number;
}

export interface NumberInput {
  type: "number_input";
  action_id: string;
  placeholder?: Text;
  initial_value?: string;
  min_value?: string;
  max_value?: string;
  is_decimal_allowed: boolean;
}

export type Input = Select | TextInput | NumberInput;
export type Element = Button | Input;

/** What stands in a cell of a table. */
export type RichText =
  | { type: "text"; text: string }
  | { type: "user"; user_id: string }
  | { type: "usergroup"; usergroup_id: string }
  | { type: "date"; timestamp: number; format: string; fallback?: string };

export interface Cell {
  type: "rich_text";
  elements: { type: "rich_text_section"; elements: RichText[] }[];
}

interface Placed {
  block_id: string;
}

export type Block = Placed &
  (
    | { type: "header"; text: Text }
    | { type: "divider" }
    | { type: "section"; text?: Text; fields?: Text[]; accessory?: Element }
    | { type: "context"; elements: Text[] }
    | { type: "actions"; elements: Element[] }
    | { type: "table"; rows: Cell[][] }
    | { type: "input"; label: Text; hint?: Text; optional?: boolean; element: Input }
  );
