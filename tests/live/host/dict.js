// Max's Dict: a dictionary known to all of Max by its name.
import { carried } from "./es5.js";

let unnamed = 0;

/** The class as the context's globals have it; `dicts` holds the contents by name. */
export function dict_class(global, dicts) {
  function Dict(name) {
    if (!(this instanceof Dict)) throw new global.TypeError("Dict is made with new");
    this.name = name === undefined ? "u" + String(++unnamed).padStart(9, "0") : String(name);
    if (!dicts.has(this.name)) dicts.set(this.name, {});
  }
  const contents = (dict) => dicts.get(dict.name);
  // A path "a::b" is a key in a dictionary of the dictionary.
  function holder(dict, key, make) {
    const parts = String(key).split("::");
    let at = contents(dict);
    for (const part of parts.slice(0, -1)) {
      if (typeof at[part] !== "object" || at[part] === null) {
        if (!make) return [{}, ""];
        at[part] = {};
      }
      at = at[part];
    }
    return [at, parts[parts.length - 1]];
  }
  const plain = (value) => JSON.parse(JSON.stringify(value instanceof Dict ? contents(value) : value));
  Dict.prototype.set = function (key, ...values) {
    const [at, last] = holder(this, key, true);
    at[last] = values.length === 1 ? plain(values[0]) : values.map(plain);
  };
  Dict.prototype.replace = Dict.prototype.set;
  Dict.prototype.get = function (key) {
    const [at, last] = holder(this, key, false);
    const value = at[last];
    if (value === undefined) return null;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      const inner = new Dict();
      dicts.set(inner.name, value);
      return inner;
    }
    return carried(global, value);
  };
  Dict.prototype.contains = function (key) {
    const [at, last] = holder(this, key, false);
    return last in at ? 1 : 0;
  };
  Dict.prototype.remove = function (key) {
    const [at, last] = holder(this, key, false);
    delete at[last];
  };
  Dict.prototype.getkeys = function () {
    const keys = Object.keys(contents(this));
    return keys.length ? carried(global, keys) : null;
  };
  Dict.prototype.clear = function () {
    dicts.set(this.name, {});
  };
  Dict.prototype.parse = function (text) {
    try {
      dicts.set(this.name, JSON.parse(text));
    } catch (mistake) {
      global.error("dict: error parsing JSON");
    }
  };
  Dict.prototype.stringify = function () {
    return JSON.stringify(contents(this));
  };
  Dict.prototype.freepeer = function () {};
  return Dict;
}
