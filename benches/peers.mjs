// Reads every feed in a folder with feedsmith: `kind, name, MB/s, items/s`, tab-separated. Texts are decoded beforehand.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseFeed } from "feedsmith";

const { version } = JSON.parse(readFileSync(new URL("node_modules/feedsmith/package.json", import.meta.url), "utf8"));
for (const kind of ["xml", "json"]) {
  const files = readdirSync(process.argv[2]).filter((file) => file.endsWith(`.${kind}`)).sort();
  const bytes = files.map((file) => readFileSync(join(process.argv[2], file)));
  const megabytes = bytes.reduce((sum, file) => sum + file.length, 0) / 1e6;
  const texts = bytes.map((file) => file.toString("utf8"));
  let seconds = Infinity, items = 0;
  for (let round = 0; round < 5; round += 1) {
    const began = process.cpuUsage();
    items = 0;
    for (const text of texts) {
      const { feed } = parseFeed(text);
      items += (feed.items ?? feed.entries).length;
    }
    const { user, system } = process.cpuUsage(began);
    seconds = Math.min(seconds, (user + system) / 1e6);
  }
  console.log(`${kind}\tfeedsmith ${version}\t${(megabytes / seconds).toFixed(1)}\t${(items / seconds).toFixed(0)}`);
}
