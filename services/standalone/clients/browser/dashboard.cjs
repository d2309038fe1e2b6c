// Opens the dashboard of examples/page: `node dashboard.cjs`. Standard input has ["open", URL] on a line; standard output has ["shown", {state, results,
// probes, told, counts}] each time that the page shows something else. It ends with its standard input.
const readline = require("node:readline");
const { launch } = require("./chromium.cjs");

function shown() {
  const text = (id) => document.getElementById(id).textContent;
  const counts = Object.fromEntries([...document.querySelectorAll("#rows tr")].map(({ cells }) => [cells[0].textContent, Number(cells[1].textContent)]));
  return { state: text("state"), results: Number(text("results")), probes: Number(text("probes")), told: text("told"), counts };
}

async function main() {
  const browser = await launch();
  let timer;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    clearInterval(timer);
    const page = await browser.newPage();
    page.on("pageerror", (error) => process.stderr.write(`${error}\n`));
    await page.goto(JSON.parse(line)[1]);
    let last;
    timer = setInterval(async () => {
      const now = JSON.stringify(["shown", await page.evaluate(shown)]);
      if (now !== last) process.stdout.write(`${now}\n`);
      last = now;
    }, 50);
  }
  clearInterval(timer);
  await browser.close();
  process.exit(0);
}

main().catch((error) => { process.stderr.write(`${error}\n`); process.exit(1); });
