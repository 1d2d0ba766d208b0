// The browser of the tests: Chromium from the PATH, driven by the playwright-core that `cargo xtask peers` installed.
// Import it by its path: import { openBrowser } from "…/xtask/browser/browser.mjs"
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

// The same place as in xtask/src/tools.rs and xtask/src/peers.rs.
const xdg = process.env.XDG_CACHE_HOME ?? "";
const cache = isAbsolute(xdg) ? xdg : join(homedir(), ".cache");
const installed = createRequire(join(cache, "farthing", "browser", "package.json"));

function loadPlaywright() {
  try {
    return installed("playwright-core");
  } catch (cause) {
    throw new Error("playwright-core is missing: run `cargo xtask peers`", { cause });
  }
}

function findChromium() {
  try {
    return execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();
  } catch (cause) {
    throw new Error("chromium is missing: run `cargo xtask peers`", { cause });
  }
}

// How long anything is waited for, in milliseconds: what does not come at all has failed, what is late has not.
export const patience = 120000;

// A running browser of playwright's; the caller closes it. Chromium refuses its sandbox to root, which tests in a container are.
export async function openBrowser() {
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return loadPlaywright().chromium.launch({ executablePath: findChromium(), args, headless: true, timeout: patience });
}
