// Reads records of a topic with the SDK of the CloudEvents project, and prints what is missing in them.
//   node cloudevents.mjs RECORDS.json
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const { Kafka } = createRequire(process.cwd() + "/")("cloudevents");
const faults = [];
const records = JSON.parse(await readFile(process.argv[2], "utf8"));
for (const { key, headers, value } of records) {
  const same = (what, got, want) => JSON.stringify(got) === JSON.stringify(want) || faults.push(`${what} is ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
  const message = { key, value, headers: Object.fromEntries(headers) };
  const event = Kafka.toEvent(message);
  event.validate();
  same("headers", Object.keys(message.headers).length, headers.length);
  same("specversion", event.specversion, "1.0");
  same("partitionkey", event.partitionkey, key);
  same("datacontenttype", event.datacontenttype, "application/json");
  same("data", typeof event.data === "string" ? JSON.parse(event.data) : event.data, JSON.parse(value));
  for (const [name, text] of headers.filter(([name]) => name.startsWith("ce_"))) {
    const read = event[name.slice("ce_".length)];
    if (name === "ce_time") same(name, Date.parse(read), Date.parse(text));
    else same(name, String(read), text);
  }
}
for (const fault of faults) console.error(`cloudevents: ${fault}`);
if (!records.length || faults.length) process.exit(1);
console.log(`cloudevents: ${records.length} records read`);
