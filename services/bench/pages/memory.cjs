/** Gives what of the page's script is still in use after a collection of garbage, in MB, and how many nodes its document has. */
exports.memoryOf = async (page) => {
  const client = await page.context().newCDPSession(page);
  await client.send("HeapProfiler.collectGarbage");
  const { usedSize } = await client.send("Runtime.getHeapUsage");
  const nodes = await page.evaluate(() => document.querySelectorAll("*").length);
  await client.detach();
  return { heap: usedSize / 1e6, nodes };
};
