// Copies what the browser needs out of node_modules into static/vendor/ (not in the repository).
// Source maps are not shipped, so the lines that name them are cut: the static file manifest would look for them.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const FILES = {
  "tabler/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
  "tabler/tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
  "echarts/echarts.min.js": "echarts/dist/echarts.min.js",
};

await rm(join(root, "static/vendor"), { recursive: true, force: true });
for (const [to, from] of Object.entries(FILES)) {
  const target = join(root, "static/vendor", to);
  const text = await readFile(join(root, "node_modules", from), "utf8");
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, text.replace(/\/[*/]# sourceMappingURL=.*$/gm, ""));
  console.log(`${to}  ${Math.round(text.length / 1024)} kB`);
}
