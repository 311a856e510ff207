// The expression of the example for Node-RED, on telegrams of meters with and without export: the power that p1cat has.
// usage: node-red.js FLOW P1CAT        needs target/interop/package, which is jsonata of npm
const { execFileSync } = require("child_process");
const { readFileSync } = require("fs");
const jsonata = require("../../target/interop/package/jsonata.js");

const [flow, p1cat] = process.argv.slice(2);
const change = JSON.parse(readFileSync(flow, "utf8")).find((node) => node.type === "change");
const expression = jsonata(change.rules[0].to);

async function main() {
    for (const name of ["nl-esmr5", "be-fluvius", "nl-dsmr22", "hu", "lu"]) {
        const cat = (...options) => execFileSync(p1cat, ["--input", `tests/data/reading-${name}.txt`, ...options], { encoding: "utf8" });
        const power = await expression.evaluate({ payload: JSON.parse(cat()) });
        const expected = Number(cat("--format", "%{power_w}"));
        if (power !== expected) {
            console.error(`FAILED: node-red.json: ${name}: ${power} W, not ${expected} W`);
            process.exitCode = 1;
        }
    }
    console.log("  node-red.json, its expression on five meters");
}

main();
