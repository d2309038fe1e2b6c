const mostTries = 20;

/** Goes to another page by its two letters. They are pressed again if the machine was too slow in between for the page to take them as a pair. */
exports.goTo = async (page, letter, title) => {
  const path = () => page.evaluate(() => location.pathname);
  const before = await path();
  for (let i = 0; i < mostTries && (await path()) === before; i++) {
    await page.keyboard.press("g");
    await page.keyboard.press(letter);
  }
  await page.waitForFunction((title) => document.querySelector("main h1")?.textContent === title, title);
};
