// Looks at the checkout page of a pending test invoice in a real browser, in every language and without a connection, pays it
// from a second tab, and sees the first one follow by itself. Usage: node checkout.mjs <address of the page> [picture.png]
import { openBrowser, patience } from "./browser.mjs";

const [address, picture] = process.argv.slice(2);
if (!address) throw new Error("usage: node checkout.mjs <address of the page> [picture.png]");

const browser = await openBrowser();
const complaints = [];

async function open(options) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, colorScheme: "light", ...options });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== "data:" && origin !== new URL(address).origin) complaints.push(`asked ${request.url()}`);
  });
  await page.goto(address);
  return page;
}

const headline = (page, text) => page.waitForFunction((wanted) => document.querySelector("#status h2").textContent.includes(wanted), text);

async function fits(page, state) {
  for (const [width, height] of [[320, 640], [390, 844], [1280, 800]]) {
    await page.setViewportSize({ width, height });
    const isWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    if (isWide) complaints.push(`${state}: the page is wider than ${width} pixels`);
  }
}

try {
  const payer = await open({ permissions: ["clipboard-read", "clipboard-write"] });
  await headline(payer, "Waiting for your payment");
  const languages = await payer.locator(".languages a").evaluateAll((links) => links.map((link) => link.lang));
  if (languages.length < 2) complaints.push("there is no choice of languages");
  for (const language of languages.reverse()) {
    await payer.click(`.languages a[lang=${language}]`);
    await payer.waitForFunction((wanted) => document.documentElement.lang === wanted, language);
    await fits(payer, language);
  }
  await headline(payer, "Waiting for your payment");
  const shown = await payer.textContent("#address");
  const isCopied = () => payer.waitForFunction((wanted) => navigator.clipboard.readText().then((text) => text === wanted), shown);
  await payer.click("#copy-address");
  await isCopied();
  await payer.evaluate(() => navigator.clipboard.writeText(""));
  await payer.click(".qr");
  await isCopied();
  await payer.evaluate(() => { window.sameDocument = true; });
  // A line that breaks is told, and forgotten when it is back.
  await payer.context().setOffline(true);
  await payer.waitForSelector("#offline:not([hidden])");
  await payer.context().setOffline(false);
  await payer.waitForSelector("#offline[hidden]", { state: "attached" });

  if (picture) {
    const stage = await open({ viewport: { width: 1280, height: 620 }, bypassCSP: true });
    await stage.addStyleTag({ content: "#simulate { display: none; }" });
    await stage.locator("main").screenshot({ path: picture });
  }

  const panel = await open({ javaScriptEnabled: false });
  await panel.click("button[value=unconfirmed]");
  await headline(payer, "Payment seen");
  await fits(payer, "seen");
  await panel.click("button[name=blocks][value='1']");
  await headline(payer, "Confirming: 1 of");
  for (let turn = 0; turn < 7 && !(await payer.textContent("#status h2")).includes("Paid"); turn += 1) {
    await panel.click("button[name=blocks][value='10']");
    await payer.waitForTimeout(500);
  }
  await headline(payer, "Paid");
  if (!(await payer.evaluate(() => window.sameDocument))) complaints.push("the page was loaded anew instead of following");
  if (!(await payer.textContent("#said")).startsWith("Paid")) complaints.push("the change was not said aloud");
} finally {
  await browser.close();
}
// The browser complains of the broken line itself.
const own = complaints.filter((complaint) => !/ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED/.test(complaint));
if (own.length > 0) throw new Error(own.join("\n"));
console.log("the page followed: seen, confirming, paid");
