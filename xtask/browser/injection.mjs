// Opens checkout pages whose texts want to be markup, scripts or addresses, in a real browser, and complains when one of them
// is. Usage: node injection.mjs <address of a page>...
import { openBrowser, patience } from "./browser.mjs";

const addresses = process.argv.slice(2);
if (addresses.length === 0) throw new Error("usage: node injection.mjs <address of a page>...");

const browser = await openBrowser();
const complaints = [];

async function look(address) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const complain = (text) => complaints.push(`${address}: ${text}`);
  page.on("console", (message) => message.type() === "error" && complain(message.text()));
  page.on("pageerror", (error) => complain(String(error)));
  page.on("dialog", (dialog) => { complain(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== "data:" && origin !== new URL(address).origin) complain(`asked ${request.url()}`);
  });
  const answer = await page.goto(address);
  const policy = answer.headers()["content-security-policy"] ?? "";
  if (!policy.includes("default-src 'none'") || policy.includes("unsafe-")) complain(`the policy is ${policy}`);
  await page.waitForSelector("#status h2");
  const found = await page.evaluate(() => ({
    pwned: window.pwned,
    inline: [...document.querySelectorAll("*")].flatMap((element) => [...element.attributes])
      .filter((attribute) => attribute.name.startsWith("on") || /^\s*javascript:/i.test(attribute.value)).map((attribute) => attribute.name),
    scripts: [...document.scripts].filter((script) => !script.src || new URL(script.src).origin !== location.origin).length,
    strangers: document.querySelectorAll("iframe, object, embed, base, img[src^='http'], svg[onload], math, marquee").length,
    links: [...document.links].map((link) => link.href).filter((href) => !/^(https?|bitcoin|ethereum|litecoin|dogecoin|solana|tron):/.test(href)),
    isWide: document.documentElement.scrollWidth > innerWidth,
    address: document.querySelector("#address")?.textContent ?? "",
  }));
  if (found.pwned) complain("a script ran");
  if (found.inline.length > 0) complain(`inline: ${found.inline}`);
  if (found.scripts > 0) complain(`${found.scripts} scripts that are not ours`);
  if (found.strangers > 0) complain(`${found.strangers} elements that are not ours`);
  if (found.links.length > 0) complain(`links to ${found.links}`);
  if (found.isWide) complain("the page is wider than the window");
  if (!/^[a-zA-Z0-9]*$/.test(found.address)) complain(`the address reads ${found.address}`);
  // A script that somebody else brought in would be stopped by the policy.
  const isStopped = await page.evaluate(() => new Promise((resolve) => {
    document.addEventListener("securitypolicyviolation", () => resolve(true), { once: true });
    const script = document.createElement("script");
    script.textContent = "window.pwned = true";
    document.body.append(script);
    setTimeout(() => resolve(false), 30000);
  }));
  if (!isStopped || (await page.evaluate(() => window.pwned))) complain("the policy lets an inline script run");
  // That one complaint of the console was ours.
  const own = complaints.findIndex((text) => text.startsWith(address) && text.includes("Content Security Policy"));
  if (own >= 0) complaints.splice(own, 1);
  await context.close();
}

try {
  for (const address of addresses) await look(address);
} finally {
  await browser.close();
}
if (complaints.length > 0) throw new Error(complaints.join("\n"));
console.log(`${addresses.length} pages: texts stayed texts`);
