// How soon a browser that was never here shows something useful: the first row of Explore.
const http = require("node:http");
const { launch } = require("../../e2e/clients/browser/chromium.cjs");
const { figure } = require("./figures.cjs");

const tries = 3;
const throttled = 4; // times slower

module.exports = async ({ url, ask }) => {
  await ask({ Results: 20 });
  const word = await serveWord();
  const found = [];
  for (let n = 0; n < tries; n++) {
    const least = await painted(`http://127.0.0.1:${word.address().port}/`, "p");
    const fast = await painted(`${url}/?sub={"msm":1}`, row);
    found.push({ least, fast, slow: await painted(`${url}/?sub={"msm":1}`, row, throttled) });
  }
  word.close();
  const best = (of) => Math.min(...found.map((one) => one[of]));
  return [
    figure("a page of one word", best("least"), "ms"),
    figure("first row of Explore", best("fast"), "ms"),
    figure("first row of Explore after a page of one word", best("fast") - best("least"), "ms", 600),
    figure("first row with a processor that is 4 times slower", best("slow"), "ms", 2500),
  ];
};

const row = "tbody tr:not(.space)";

/** Gives when an element is seen, in ms since the address was asked for. */
async function painted(url, element, slower = 1) {
  const browser = await launch();
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const client = await page.context().newCDPSession(page);
  await client.send("Emulation.setCPUThrottlingRate", { rate: slower });
  await page.addInitScript(notePaint, element);
  await page.goto(url);
  const time = await page.waitForFunction(() => window.painted, undefined, { polling: 50 });
  const painted = await time.jsonValue();
  await browser.close();
  return painted;
}

function notePaint(element) {
  const look = () => {
    if (!document.querySelector(element)) return;
    appeared.disconnect();
    requestAnimationFrame(() => setTimeout(() => (window.painted = performance.now())));
  };
  const appeared = new MutationObserver(look);
  appeared.observe(document, { childList: true, subtree: true });
}

function serveWord() {
  const server = http.createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<!doctype html><p>word"));
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
