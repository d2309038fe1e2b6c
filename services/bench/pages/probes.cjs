// Probes as it is, with a network of 13,000 of which 60 change a second.
const { launch } = require("../../e2e/clients/browser/chromium.cjs");
const { figure } = require("./figures.cjs");
const { memoryOf } = require("./memory.cjs");
const { tasksOf, trace } = require("./trace.cjs");

module.exports = async ({ url, ask, seconds }) => {
  await ask({ Changes: 60 });
  const browser = await launch();
  const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
  const opening = tasksOf(await trace(page, () => open(page, url)));
  await page.waitForTimeout(1000);
  const before = await memoryOf(page);
  const later = tasksOf(await trace(page, () => page.waitForTimeout(seconds.Calm * 1000)));
  const after = await memoryOf(page);
  await browser.close();
  return [
    figure("longest task of our script as the page opens", longest(opening), "ms"),
    figure("longest task of our script afterwards", longest(later), "ms", 50),
    figure("processor that our script takes", later.reduce((sum, { script }) => sum + script, 0) / seconds.Calm / 10, "%"),
    figure("growth of the heap in a minute", after.heap - before.heap, "MB", 5),
    figure("elements of the document", after.nodes, "", 3000),
  ];
};

const longest = (tasks) => Math.max(...tasks.map(({ script }) => script));

async function open(page, url) {
  await page.goto(`${url}/probes`);
  await page.getByText(/of 13,000 connected/).waitFor();
}
