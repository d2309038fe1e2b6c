// Uses every page by the keyboard alone: goes through all that Tab reaches and back, out of each dialog, and uses Explore, Replay and Probes.
const assert = require("node:assert/strict");
const { goTo } = require("../goto.cjs");

exports.expected = ["/api/"]; // 503 until the gateway has read the log

const sub = (parameters) => `sub=${encodeURIComponent(JSON.stringify(parameters))}`;
const pages = { [`/?${sub({ msm: 1001 })}`]: "Explore", [`/replay?${sub({ msm: 10301 })}&view=instances`]: "Replay", "/instances": "Instances", "/probes?watch=NL,AS3320": "Probes" };
const mostStops = 300; // that Tab has on a page

const says = (page, words) => page.waitForFunction((words) => document.querySelector("header .words")?.textContent.match(words), words);
const shows = (page, selector, text) =>
  page.waitForFunction(([selector, text]) => [...document.querySelectorAll(selector)].some((one) => one.textContent.replace(/\s+/g, " ").includes(text)), [selector, text]);

async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
}

/** The element with the focus, or undefined if that is none of the page. */
function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return undefined;
    const { outlineStyle, boxShadow } = getComputedStyle(element);
    const { width, height } = element.getBoundingClientRect();
    const label = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
    const name = label.replace(/\s+/g, " ").trim().slice(0, 80);
    const way = window.way;
    window.way = 0; // until the focus moves on
    return { name: `${element.tagName} ${name}`, way, isSeen: width > 0 && height > 0 && (outlineStyle !== "none" || boxShadow !== "none") };
  });
}

/** Presses a key until something is the case, and fails if that never is. */
async function pressUntil(page, key, what, isSo) {
  for (let i = 0; i < mostStops; i++) {
    await page.keyboard.press(key);
    if (await isSo()) return;
  }
  throw new Error(`${key} does not reach ${what}`);
}

/** Presses Tab until what has the focus has a name. */
function tabTo(page, name) {
  return pressUntil(page, "Tab", name, async () => (await focused(page))?.name.includes(name));
}

/** Gives what a key reaches from where the focus is until it leaves the page or comes to the last stop, and fails where it does not or where the focus cannot be seen. */
async function walk(page, title, key, last) {
  const stops = [];
  for (let i = 0; i < mostStops; i++) {
    await page.keyboard.press(key);
    const stop = await focused(page);
    if (!stop) return stops;
    assert.ok(stop.isSeen, `${title}: the focus on ${stop.name} cannot be seen`);
    stops.push(stop);
    if (stop.name === last) return stops;
  }
  throw new Error(`${title}: ${key} does not leave the page: …${stops.slice(-5).map(({ name }) => name).join(", ")}`);
}

/** Notes which way the focus goes as it does, 1 being forwards in the page: what comes while the page is read moves the rest. Undefined: it was nowhere. */
function noteWay(page) {
  return page.evaluate(() => {
    document.addEventListener("focusin", ({ target, relatedTarget }) => {
      const follows = relatedTarget && relatedTarget.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_FOLLOWING;
      window.way = relatedTarget ? (follows ? 1 : -1) : undefined;
    });
  });
}

/** The focus goes through a page in the order of the page, forwards and backwards. */
async function walkThrough(page, title) {
  await page.evaluate(() => document.activeElement?.blur());
  await noteWay(page);
  const forwards = await walk(page, title, "Tab");
  const backwards = await walk(page, title, "Shift+Tab", forwards[0]?.name); // headless Chromium wraps around
  for (const [stops, sign] of [[forwards, 1], [backwards, -1]]) {
    const wrong = stops.filter(({ way }) => way !== undefined && way !== sign);
    assert.equal(wrong.length, 0, `${title}: not in the order of the page: ${wrong.map(({ name }) => name).join(", ")}`);
  }
  assert.equal(backwards.at(-1)?.name, forwards[0]?.name, `${title}: Shift+Tab goes back to where Tab begins`);
  assert.equal(await page.locator("[tabindex]:not([tabindex='0'], [tabindex='-1'])").count(), 0, `${title}: an order of its own`);
  return forwards.length;
}

/** A dialog keeps the focus, and gives it back where it was. */
async function leaveDialog(page, opener) {
  await tabTo(page, opener);
  await press(page, "Enter");
  await page.waitForSelector("dialog[open]");
  for (let i = 0; i < 20; i++) {
    await page.keyboard.press("Tab");
    const isInside = await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest("dialog[open]") !== null);
    assert.ok(isInside, `${opener}: Tab goes behind the dialog`);
  }
  await press(page, "Escape");
  await page.waitForSelector("dialog[open]", { state: "hidden" });
  assert.match((await focused(page))?.name ?? "nothing", new RegExp(opener), "the focus is back");
}

async function useExplore(page, url) {
  await page.goto(url);
  await says(page, "^live");
  await press(page, "/");
  await page.keyboard.type("K-root");
  await shows(page, "[role=option]", "10301");
  await pressUntil(page, "ArrowDown", "the option 10301", async () => (await page.textContent("[role=option][aria-selected=true] .id")) === "10301");
  await press(page, "Enter");
  await page.waitForURL(/10301/);
  await tabTo(page, "compare");
  await press(page, "Enter", "/");
  await page.keyboard.type("1001");
  await press(page, "Escape", "Enter"); // the list, then the form
  await page.waitForURL(/10301.*1001/);
  await shows(page, ".letter", "B");
  await page.waitForSelector("tbody tr:not(.space, .divider)");
  await tabTo(page, "INPUT Probe");
  await page.keyboard.type("6422");
  await press(page, "Enter");
  await page.waitForURL(/6422/);
  await press(page, "Control+A", "Delete", "Enter");
  await page.waitForURL((address) => !address.href.includes("6422"));
  await tabTo(page, "Results, the newest first");
  await page.waitForFunction(() => document.querySelector("[aria-label^='Results,']").scrollHeight > document.querySelector("[aria-label^='Results,']").clientHeight);
  await press(page, "PageDown");
  await says(page, "^paused, \\d+ waiting");
  await says(page, "^paused, [1-9]\\d* waiting");
  await press(page, " ");
  await says(page, "^(live|back)");
  await press(page, "j", "Enter");
  await page.waitForSelector("aside .line");
  await press(page, "Escape");
  await page.waitForSelector("aside .line", { state: "detached" });
}

async function useReplay(page, url) {
  await page.goto(url);
  await says(page, "^live");
  await page.locator("h1").focus();
  await goTo(page, "r", "Replay");
  await tabTo(page, "Measurement");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("10301");
  await tabTo(page, "From");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("-2h");
  await tabTo(page, "To");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("-1h");
  await press(page, "Enter");
  await says(page, "^paused at");
  await tabTo(page, "Play");
  await press(page, "Enter");
  await says(page, "^replaying");
  await press(page, "6");
  await says(page, "^end of the interval");
  await shows(page, ".count", "results");
  await tabTo(page, "Time that is shown");
  await press(page, "Home", "ArrowRight");
  await says(page, "^paused at");
  await tabTo(page, "Instances");
  await press(page, "Enter");
  await page.waitForSelector(".sites tbody .name");
}

async function useProbes(page, url) {
  await page.goto(`${url}/probes`);
  await page.waitForSelector(".outages tbody button");
  await press(page, "j", "Enter");
  await page.waitForSelector("#opened-outage");
  const isOfOutage = () => page.evaluate(() => document.activeElement.closest("#opened-outage") !== null);
  await pressUntil(page, "Tab", "Replay of the outage", async () => (await focused(page))?.name.includes("Replay") && isOfOutage());
  await press(page, "Enter");
  await shows(page, "h1", "Replay");
  await says(page, "^paused at");
  await shows(page, ".headline", "connected");
  await goTo(page, "p", "Probes");
  await tabTo(page, "Country or network");
  await page.keyboard.type("NL");
  await press(page, "Enter");
  await shows(page, ".watch", "NL Netherlands");
}

exports.run = async ({ page, url, ask }) => {
  for (const [path, title] of Object.entries(pages)) {
    await page.goto(url + path);
    await page.waitForFunction((title) => document.querySelector("main h1")?.textContent === title, title);
    await page.waitForSelector("main tbody tr:not(.space)");
    const stops = await walkThrough(page, title);
    await ask("checked", `${title}: Tab goes through ${stops} elements in their order, each with a focus that is seen, and leaves the page; Shift+Tab goes back`);
  }
  for (const opener of ["Token", "Keys and error codes"]) await leaveDialog(page, opener);
  await ask("checked", "the dialogs keep the focus, and give it back");
  for (const [title, use] of Object.entries({ Explore: useExplore, Replay: useReplay, Probes: useProbes })) {
    await use(page, url);
    await ask("checked", `${title}: used by the keyboard alone`);
  }
};
