// What libraries that others wrote say of Farthing's webhooks and documents: one question a line on standard input, one answer
// a line on standard output, until the input ends. The libraries are those that `cargo xtask peers` installed.
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

// The same place as in xtask/src/tools.rs and xtask/src/peers.rs.
const xdg = process.env.XDG_CACHE_HOME ?? "";
const cache = isAbsolute(xdg) ? xdg : join(homedir(), ".cache");
const folder = join(cache, "farthing", "webhooks");
const installed = createRequire(join(folder, "package.json"));

const standard = installed("standardwebhooks");
const svix = await import(pathToFileURL(join(folder, "node_modules", "svix", "dist", "index.mjs")));
const { Validator } = installed("jsonapi-validator");
const jsonapi = new Validator();

const judges = {
  standard({ secret, headers, body }) {
    new standard.Webhook(secret).verify(body, headers);
  },
  // Keyed by the secret's own bytes.
  raw({ secret, headers, body }) {
    new standard.Webhook(secret, { format: "raw" }).verify(body, headers);
  },
  svix({ secret, headers, body }) {
    new svix.Webhook(secret).verify(body, headers);
  },
  jsonapi({ body }) {
    jsonapi.validate(JSON.parse(body));
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { judge, ...question } = JSON.parse(line);
  let why = "";
  try {
    judges[judge](question);
  } catch (error) {
    why = [error.message, ...(error.errors ?? []).map((one) => `${one.dataPath} ${one.message}`)].join("; ");
  }
  process.stdout.write(`${JSON.stringify({ why })}\n`);
}
