// Debian's Chromium: `launch` starts it without a window, `program` has its path and arguments for other ways to start it.
const { chromium } = require("playwright-core");

const program = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
};

exports.chromium = chromium;
exports.program = program;
exports.launch = () => chromium.launch({ ...program, args: ["--headless", ...program.args] });
