// Uses the gateway's pages in Chromium as a user does: `node pages.cjs SCENARIO URL` runs pages/SCENARIO.cjs. It prints ["passed"], or ["failed", why]. A scenario
// that needs something from its test prints [what, …] and waits for the line that answers; ["working"] reports from time to time that it continues.
//
// Every scenario fails as well when the page writes an error to the console, breaks its Content-Security-Policy, or asks another origin for anything.
const fs = require("node:fs");
const path = require("node:path");
const readline = require("node:readline");
const { launch } = require("./chromium.cjs");

const [scenario, url] = process.argv.slice(2);
const patience = 45_000; // ms; less than that of the test, so that the failure says what was awaited
const screenshots = path.join(__dirname, "../../../../.cache/screenshots");

const answers = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

function say(...line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Asks the test to do something, and returns its answer. */
async function ask(...line) {
  say(...line);
  const { value, done } = await answers.next();
  if (done) throw new Error("the test has ended");
  return JSON.parse(value)[1];
}

/** Records what no page may do. `expected` are texts of errors that a scenario causes, such as those of a stopped gateway. */
async function watch(context, faults, expected) {
  await context.exposeBinding("reportViolation", (_, violation) => faults.push(`Content-Security-Policy: ${violation}`));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile }) => {
      window.reportViolation(`${violatedDirective} blocked ${blockedURI} in ${sourceFile}`);
    });
  });
  await context.route((address) => !["data:", "blob:"].includes(address.protocol) && address.origin !== new URL(url).origin, (route) => {
    faults.push(`asks for ${route.request().url()}`);
    return route.abort();
  });
  await context.addInitScript(keepWhatIsSaid);
  context.on("page", (page) => {
    page.setDefaultTimeout(patience);
    page.on("pageerror", (error) => faults.push(`throws ${error.stack}`));
    page.on("console", (message) => {
      const text = `${message.text()} ${message.location().url}`;
      if (message.type() === "error" && !expected.some((part) => text.includes(part))) faults.push(`console: ${text}`);
    });
  });
}

/** Violations of WCAG 2.2 AA that axe finds, as text. */
async function axe(page) {
  await page.evaluate(fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
  const { violations } = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`).join("\n")}`);
}

/** Keeps what the chip and the notice say, and how the chip's dot looks meanwhile, as some of it is said for seconds only and a slow machine looks later. */
function keepWhatIsSaid() {
  window.said = [];
  window.dots = {};
  const keep = () => {
    for (const one of document.querySelectorAll("header .words, .notice")) {
      if (window.said.includes(one.textContent)) continue;
      window.said.push(one.textContent);
      const dot = one.parentElement.querySelector(":scope > .dot");
      if (dot) window.dots[one.textContent] = { colour: getComputedStyle(dot).backgroundColor, radius: getComputedStyle(dot).borderRadius };
    }
  };
  new MutationObserver(keep).observe(document, { subtree: true, childList: true, characterData: true });
}

/** Waits until the chip or the notice has said something since the page was opened, or since `forget`. */
async function said(page, words) {
  await page.waitForFunction((words) => window.said.some((one) => one.match(words)), words);
}

said.forget = (page) => page.evaluate(() => void (window.said = []));

async function screenshot(page, name, options = {}) {
  fs.mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: path.join(screenshots, `${name}.png`), ...options });
}

async function main() {
  setInterval(() => say("working"), 5_000).unref();
  const { run, expected = [] } = require(`./pages/${scenario}.cjs`);
  const faults = [];
  const browser = await launch();
  /** Gives a browser of its own, as of another person. */
  const another = async (options) => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    await watch(context, faults, expected);
    return context;
  };
  const context = await another();
  const page = await context.newPage();
  try {
    await run({ page, context, another, url, ask, axe, said, screenshot });
    say(...(faults.length > 0 ? ["failed", faults.join("\n")] : ["passed"]));
  } catch (error) {
    await screenshot(page, `failed-${scenario}`).catch(() => {});
    say("failed", [error.stack, ...faults].join("\n"));
  }
  await browser.close();
  process.exit(0);
}

main().catch((error) => { process.stderr.write(`${error.stack}\n`); process.exit(1); });
