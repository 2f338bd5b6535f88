// Reads an AsyncAPI document with the parser of the AsyncAPI initiative, validates each example against its schemas, and
// prints the faults. A newer version of the format is no fault.
//   node asyncapi.mjs FILE
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const { Parser } = require("@asyncapi/parser");
const Ajv = require("ajv");
const harmless = ["asyncapi-latest-version"];

const [file] = process.argv.slice(2);
const { document, diagnostics } = await new Parser().parse(await readFile(file, "utf8"));
const faults = diagnostics.filter((d) => !harmless.includes(d.code)).map((d) => `${d.code} at ${d.path.join("/")}: ${d.message}`);
let examples = 0;
for (const message of document?.allMessages() ?? []) {
  for (const example of message.examples()) {
    for (const [part, schema, value] of [["payload", message.payload(), example.payload()], ["headers", message.headers(), example.headers()]]) {
      const ajv = new Ajv({ strict: false, validateFormats: false });
      examples++;
      if (!ajv.validate(plain(schema.json()), value)) faults.push(`the ${part} of the example of ${message.id()}: ${ajv.errorsText()}`);
    }
  }
}
for (const fault of faults) console.error(`asyncapi: ${fault}`);
if (!document || faults.length) process.exit(1);
console.log(`asyncapi: ${document.channels().length} channels, ${document.allMessages().length} messages, ${document.operations().length} operations, ${examples} parts of examples`);

// plain returns a schema as written: the parser adds x-parser-… to it, where a schema allows no such keyword.
function plain(schema) {
  return JSON.parse(JSON.stringify(schema.schemaFormat ? schema.schema : schema, (key, value) => (key.startsWith("x-parser-") ? undefined : value)));
}
