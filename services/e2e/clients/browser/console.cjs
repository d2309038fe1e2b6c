// Opens pages and reports what they write to the console: `node console.cjs TOKEN URL…`. A page that asks for a token gets this one. Standard output has
// ["console", value] for each line. It ends with its standard input.
const { launch } = require("./chromium.cjs");

const [token, ...urls] = process.argv.slice(2);

async function open(browser, url) {
  const page = await browser.newPage();
  page.on("dialog", (dialog) => dialog.accept(token));
  page.on("pageerror", (error) => process.stderr.write(`${error}\n`));
  page.on("console", async (message) => {
    const value = await message.args()[0]?.jsonValue().catch(() => message.text());
    process.stdout.write(`${JSON.stringify(["console", value ?? message.text()])}\n`);
  });
  await page.goto(url);
}

async function main() {
  const browser = await launch();
  for (const url of urls) await open(browser, url);
  process.stdin.resume().on("end", async () => {
    await browser.close();
    process.exit(0);
  });
}

main().catch((error) => { process.stderr.write(`${error}\n`); process.exit(1); });
