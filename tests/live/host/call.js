// Calls single functions of the device's modules, each in a fresh ES5 context: a line {module, function, arguments} in,
// a line {result} or {error} out. Of Max's globals there are post, error and Dict, as pure functions need no more.
import readline from "node:readline";
import { fileURLToPath } from "node:url";
import { carried, es5_global } from "./es5.js";
import { dict_class } from "./dict.js";
import { requiring } from "./modules.js";

const DEVICE = fileURLToPath(new URL("../../../max_for_live/device", import.meta.url));

function answer({ module, function: name, arguments: values }) {
  const global = es5_global();
  global.post = global.error = (...words) => process.stderr.write(words.join(" ") + "\n");
  global.Dict = dict_class(global, new Map());
  const exports = requiring(global, DEVICE)("./" + module);
  if (typeof exports[name] !== "function") throw new Error(`${module}.js exports no function ${name}`);
  const result = exports[name](...values.map((value) => carried(global, value)));
  // What JSON would quietly turn into null is a mistake in numbers.
  return JSON.stringify({ result: result === undefined ? null : result }, (key, value) => {
    if (typeof value === "number" && !isFinite(value)) throw new Error(`${module}.${name}: ${key} is ${value}`);
    return value;
  });
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  let out;
  try {
    out = answer(JSON.parse(line));
  } catch (error) {
    out = JSON.stringify({ error: String((error && error.stack) || error) });
  }
  process.stdout.write(out + "\n");
});
