const newest = "tbody tr:not(.space) time";

/** How old the newest row of Explore is, in seconds. */
exports.ageOfNewest = (page) => page.$eval(newest, (time) => (Date.now() - Date.parse(time.dateTime)) / 1000);

const usual = 2; // seconds; results tell their times in whole ones

/** Gives the seconds from a time until the newest row is no older than it is as a rule. */
exports.untilNew = async (page, since) => {
  const isNew = ([newest, usual]) => Date.now() - Date.parse(document.querySelector(newest)?.dateTime) <= usual * 1000 && Date.now();
  const at = await page.waitForFunction(isNew, [newest, usual], { polling: 20, timeout: 60_000 });
  return ((await at.jsonValue()) - since) / 1000;
};
