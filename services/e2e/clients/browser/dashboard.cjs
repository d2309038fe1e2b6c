// Opens the dashboard of examples/page: `node dashboard.cjs`. Standard input has ["open", URL] on a line; standard output has ["shown", {state, results,
// probes, told, counts}] each time that the page changes. It ends with its standard input.
const readline = require("node:readline");
const { setTimeout } = require("node:timers/promises");
const { launch } = require("./chromium.cjs");

function shown() {
  const text = (id) => document.getElementById(id).textContent;
  const counts = Object.fromEntries([...document.querySelectorAll("#rows tr")].map(({ cells }) => [cells[0].textContent, Number(cells[1].textContent)]));
  return { state: text("state"), results: Number(text("results")), probes: Number(text("probes")), told: text("told"), counts };
}

// watch reports what a page shows each time that it changes, until the function that it returns is called.
function watch(page) {
  let watching = true;
  const ended = (async () => {
    for (let last; watching; await setTimeout(50)) {
      const now = JSON.stringify(["shown", await page.evaluate(shown)]);
      if (now !== last) process.stdout.write(`${now}\n`);
      last = now;
    }
  })();
  return () => { watching = false; return ended; };
}

async function main() {
  const browser = await launch();
  let stop = async () => {};
  for await (const line of readline.createInterface({ input: process.stdin })) {
    await stop();
    const page = await browser.newPage();
    page.on("pageerror", (error) => process.stderr.write(`${error}\n`));
    await page.goto(JSON.parse(line)[1]);
    stop = watch(page);
  }
  await stop();
  await browser.close();
  process.exit(0);
}

main().catch((error) => { process.stderr.write(`${error}\n`); process.exit(1); });
