// Explore at 500 results/s, and then at 2,000.
const { launch } = require("../../e2e/clients/browser/chromium.cjs");
const { figure, percentile } = require("./figures.cjs");
const { memoryOf } = require("./memory.cjs");
const { ageOfNewest } = require("./newest.cjs");
const { tasksOf, trace } = require("./trace.cjs");

module.exports = async ({ url, ask, seconds }) => {
  const browser = await launch();
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await ask({ Results: 500 });
  await page.goto(`${url}/?sub={"msm":1}`);
  await page.waitForSelector("tbody button");
  const calm = tasksOf(await trace(page, () => page.waitForTimeout(seconds.Calm * 1000)));
  const before = await memoryOf(page);
  await ask({ Results: 2000 });
  await page.waitForTimeout(1000 * seconds.Busy / 2);
  await page.keyboard.press("Space");
  await page.getByText(/let go: [1-9]/).waitFor(); // more has come than is kept
  await page.keyboard.press("Space");
  await page.waitForTimeout(1000 * seconds.Busy / 2);
  const behind = await ageOfNewest(page);
  const after = await memoryOf(page);
  await browser.close();
  const script = calm.map(({ script }) => script).filter((time) => time > 0);
  return [
    figure("longest task of our script at 500 results/s", Math.max(...script), "ms", 100),
    figure("p99 of such tasks", percentile(script, 0.99), "ms", 50),
    figure("tasks of our script", script.length, ""),
    figure("processor that our script takes", calm.reduce((sum, { script }) => sum + script, 0) / seconds.Calm / 10, "%"),
    figure("heap after a minute", before.heap, "MB"),
    figure("growth of the heap by 2 min of 2,000 results/s", after.heap - before.heap, "MB", 5),
    figure("elements of the document", after.nodes, "", 3000),
    figure("newest row, behind the clock", behind, "s", 5),
  ];
};
