// The device's sources as modules: require("./name") finds device/name.js, each wrapped as the bundle wraps them.
import fs from "node:fs";
import path from "node:path";
import { run_in } from "./es5.js";

/** A require for the modules of a folder, each run once in the global. */
export function requiring(global, folder) {
  const loaded = new Map();
  return function require(name) {
    const match = /^\.\/([a-z0-9_]+)$/.exec(name);
    if (!match) throw new Error('only require("./name") of the device\'s own files is there, not ' + name);
    if (!loaded.has(match[1])) {
      const file = path.join(folder, match[1] + ".js");
      const wrapped = run_in(global, "(function (require, exports) {" + fs.readFileSync(file, "utf8") + "\n})", file);
      const exports = run_in(global, "({})");
      loaded.set(match[1], exports);
      wrapped.call(global, require, exports);
    }
    return loaded.get(match[1]);
  };
}
