// Explore at 500 results/s in a tab that nobody looks at.
const { figure } = require("./figures.cjs");
const { memoryOf } = require("./memory.cjs");
const { untilNew } = require("./newest.cjs");
const { expect, open } = require("./window.cjs");

module.exports = async ({ url, ask, seconds }) => {
  const window = await open();
  const page = await window.newPage();
  await ask({ Results: 500 });
  await page.goto(`${url}/?sub={"msm":1}`);
  await page.waitForSelector("tbody button");
  const other = await window.newPage();
  await other.bringToFront();
  await expect(page, "hidden");
  const first = Math.min(60, seconds.Hidden / 2);
  await page.waitForTimeout(first * 1000);
  const before = await memoryOf(page);
  await page.waitForTimeout((seconds.Hidden - first) * 1000);
  const after = await memoryOf(page);
  await expect(page, "hidden");
  const seen = Date.now();
  await page.bringToFront();
  await expect(page, "visible");
  const right = await untilNew(page, seen);
  await window.close();
  return [
    figure("heap after a minute", before.heap, "MB"),
    figure("growth of the heap until the end", after.heap - before.heap, "MB", 5),
    figure("until the table is right again", right, "s", 1),
  ];
};
