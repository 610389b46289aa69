// Calls the client as tests ask: a line of JSON in, a line of JSON out.
const { createInterface } = require("node:readline");
const { WaffoPancake, WaffoPancakeError, verifyWebhook } = require(process.argv[2]);

async function called({ method, args, config, token }) {
  if (method === "verifyWebhook") return verifyWebhook(...args);
  const client = new WaffoPancake(config);
  const names = method.split(".");
  const last = names.pop();
  const target = names.reduce((object, name) => object[name], token ? client.customer(token) : client);
  return target[last](...args);
}

async function answer(line) {
  try {
    return { value: await called(JSON.parse(line)) };
  } catch (error) {
    const known = error instanceof WaffoPancakeError;
    const kind = known ? "WaffoPancakeError" : error.constructor.name;
    return { thrown: { kind, message: error.message, status: known ? error.status : null, errors: known ? error.errors : [] } };
  }
}

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answer(line)) + "\n");
  }
})();
