// What passes between Max and Live's objects: values read as atoms, what is given checked by the table's types.
import { Refusal, Thing } from "./thing.js";
import { mismatch } from "./table.js";

const OBJECTS = ["Track", "Clip", "ClipSlot", "Scene", "Device", "DeviceParameter"];

/** The atoms that a property's or child's value is told by. */
export function atoms(value) {
  if (value === null) return ["id", 0];
  if (value instanceof Thing) return ["id", value.id];
  if (Array.isArray(value)) return value.flatMap((one) => (one instanceof Thing ? ["id", one.id] : [one]));
  // A name that looks like a whole number may come as one.
  if (typeof value === "string" && /^(0|-?[1-9]\d{0,8})$/.test(value)) return [Number(value)];
  return [typeof value === "object" ? JSON.stringify(value) : value];
}

/** Each throws a Refusal where Live would refuse. `is_dict` tells a script's Dict. */
export class Values {
  constructor(live, is_dict) {
    this.live = live;
    this.is_dict = is_dict;
  }

  /** [row of the table, value] of a property or child. */
  read(thing, name) {
    const row = this.live.table.row(thing.type, name);
    if (!row || row.kind === "function") throw new Refusal(`'${thing.type}' object has no attribute '${name}'`);
    const value = row.kind === "child" ? thing.child(name) : thing.get(name);
    if (value === undefined) throw new Error(`the fake knows no ${thing.type}.${name}`);
    return [row, value];
  }

  /** The object that ["id", N] or ["id N"] names; null of id 0. */
  object_of(words) {
    const at = words[0] === "id" ? words[1] : /^id \d+$/.test(words[0]) ? Number(words[0].slice(3)) : undefined;
    if (typeof at !== "number") throw new Refusal(`an object is given as "id" and its number, not ${words.join(" ")}`);
    const thing = this.live.things.get(at) ?? null;
    if (!thing && at !== 0) throw new Refusal(`no object has the id ${at}`);
    return thing;
  }

  dictionary(value, what) {
    let given = null;
    try {
      const text = this.is_dict(value) ? value.stringify() : typeof value === "string" ? value : JSON.stringify(value);
      given = JSON.parse(text);
    } catch {
      // Told below.
    }
    if (given === null || typeof given !== "object") throw new Refusal(`${what}: a dictionary wanted, not ${value}`);
    return given;
  }

  typed(type, value, what) {
    if (type === "dictionary" || type === "WarpMarker") return this.dictionary(value, what);
    // As a word such a number is 1e-05, which Live takes for a text.
    if (typeof value === "number" && value !== 0 && Math.abs(value) < 1e-4) throw new Refusal(`${what}: type mismatch`);
    const wrong = mismatch(type, value);
    if (wrong) throw new Refusal(`${what}: ${wrong}`);
    return ["symbol", "unicode"].includes(type) ? String(value) : value;
  }

  /** What is given to a function, as its row names it. */
  arguments_for(row, name, given) {
    const words = [...given];
    const taken = [];
    for (const one of row.arguments) {
      const [what, type] = one.replace("?", "").split(": ");
      if (!words.length && one.endsWith("?")) break;
      if (!words.length) throw new Refusal(`${name}: the argument ${what} is missing`);
      if (OBJECTS.includes(type)) taken.push(this.object_of(words.splice(0, words[0] === "id" ? 2 : 1)));
      else taken.push(this.typed(type, words.shift(), `${name} ${what}`));
    }
    if (words.length) throw new Refusal(`${name}: too many arguments: ${words.join(" ")}`);
    return taken;
  }
}
