// One load of autocannon: its options as JSON in the first argument, its result as JSON on standard output.
// Each request is new: "#id" in the body becomes an id of its own, "#visitor" one that ten requests share.
import autocannon from "autocannon";

const { body, ...options } = JSON.parse(process.argv[2]);
const run = Date.now().toString(36);
let sent = 0;

const setupRequest = (request) => {
  sent += 1;
  const visitor = `${run}-${Math.floor(sent / 10)}`;
  return { ...request, body: body.replaceAll("#id", `${run}-${sent}`).replaceAll("#visitor", visitor) };
};
process.stdout.write(JSON.stringify(await autocannon({ ...options, requests: [{ setupRequest }] })));
