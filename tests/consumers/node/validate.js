// SPDX-License-Identifier: Apache-2.0
// Holds documents against AsyncAPI by its own parser: node validate.js FILE...    Exit code 1: one is not valid.
const { readFileSync } = require("fs");
const { Parser } = require("@asyncapi/parser");

async function main() {
  let wrong = 0;
  for (const file of process.argv.slice(2)) {
    const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"));
    for (const one of diagnostics.filter((d) => d.severity <= 1)) console.log(`${file}: ${one.path.join("/")}: ${one.message}`);
    const bad = !document || diagnostics.some((d) => d.severity === 0);
    if (!bad) console.log(`${file}: AsyncAPI ${document.version()}, ${document.channels().length} channels`);
    wrong += bad;
  }
  process.exit(wrong ? 1 : 0);
}

main();
