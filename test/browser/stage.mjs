// What the browser tests share: the demo as a process, a browser, and people in pages of their own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const pictures = process.env.SHOWTIME_PICTURES ?? join(root, "test-artifacts/browser");

/** openDemo starts the demo with `go run` and gives its address, once the page says it. */
export async function openDemo() {
  const begun = performance.now();
  const demo = spawn("go", ["run", "./cmd/showtime", "demo", "--port", "0"], { cwd: root, stdio: ["ignore", "pipe", "inherit"], detached: true });
  demo.on("error", (error) => {
    throw error;
  });
  // A run that is ended from outside, or by its time limit, leaves no demo behind.
  process.once("SIGTERM", () => process.exit(1));
  process.once("exit", () => demo.exitCode ?? demo.signalCode ?? process.kill(-demo.pid, "SIGKILL"));
  for await (const line of createInterface({ input: demo.stdout })) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url) {
      return { url, begun, close: () => stop(demo) };
    }
  }
  throw new Error("the demo ended without saying where its page is");
}

/** stop interrupts `go run` and the demo under it, as Ctrl-C does, and waits until both have ended. */
async function stop(demo) {
  const ended = once(demo, "exit");
  process.kill(-demo.pid, "SIGINT");
  await ended;
}

/** openBrowser starts Debian's Chromium, or the one that CHROMIUM names. */
export function openBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/** Visitor is somebody at a page of the demo. Whatever the page logs as an error is a failure. */
export class Visitor {
  static async enter(browser, url, { scheme = "light" } = {}) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: scheme, locale: "en-US" });
    const page = await context.newPage();
    const visitor = new Visitor(page);
    page.setDefaultTimeout(10_000);
    page.on("pageerror", (error) => visitor.errors.push(error.message));
    page.on("console", (message) => message.type() === "error" && visitor.errors.push(message.text()));
    page.on("request", (request) => new URL(request.url()).origin !== url && visitor.errors.push(`asked for ${request.url()}`));
    await page.goto(url);
    return visitor;
  }

  constructor(page) {
    this.page = page;
    this.errors = [];
    this.box = page.getByLabel("Message", { exact: true });
    this.messages = page.getByRole("log");
  }

  async become(name) {
    const person = this.page.getByLabel("Person");
    const id = `U0${name.toUpperCase()}`;
    await person.selectOption(id);
    while ((await person.inputValue()) !== id) {
      await this.page.waitForTimeout(20);
    }
  }

  async visit(channel) {
    await this.page.getByRole("link", { name: channel }).click();
    await this.page.getByRole("main", { name: channel }).waitFor();
  }

  async say(text) {
    await this.box.fill(text);
    await this.box.press("Enter");
  }

  /** last is the newest message that shows a text. */
  last(text) {
    return this.page.getByRole("article").filter({ hasText: text }).last();
  }

  /** card is the session's card in a state; the panel that looks like it is somebody's alone. */
  card(state) {
    const heading = this.page.getByRole("heading", { name: state });
    return this.page.getByRole("article").filter({ has: heading, hasNotText: "Only visible to you" }).last();
  }

  dialog() {
    return this.page.getByRole("dialog");
  }

  async forward(name) {
    await this.page.getByRole("button", { name, exact: true }).click();
  }

  async picture(name) {
    mkdirSync(pictures, { recursive: true });
    await this.page.screenshot({ path: join(pictures, `${name}.png`) });
  }
}
