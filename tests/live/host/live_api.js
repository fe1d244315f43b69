// LiveAPI as [js] has it. Its mistakes are printed to Max's console and never thrown.
import { carried } from "./es5.js";
import { Refusal } from "./thing.js";
import { atoms, Values } from "./values.js";

const NOTIFYING = "Changes cannot be triggered by notifications. You will need to defer your response.";
const READS = /^(get_|str_for_value)/;

/**
 * The class for one [js]. `where`: {global, live, device, error(text), why_not(): why LiveAPI cannot be used now or "",
 * apis: a Set of those made}.
 */
export function live_api_class(where) {
  const { global, live, error } = where;
  const list = (values) => carried(global, values);
  const reading = new Values(live, (value) => value instanceof global.Dict);
  // Max tells Live all this as one line of words. A text in quotes is one of them, with &quot; for a quote inside.
  const parted = (text) =>
    (text.match(/"[^"]*"|\S+/g) ?? []).map((word) => {
      const plain = word.replace(/^"(.*)"$/, "$1").replaceAll("&quot;", '"');
      return /^\d+$/.test(word) ? Number(word) : plain;
    });
  const flat = (values) => {
    const all = values.flatMap((one) => (Array.isArray(one) ? one : [one]));
    return live.parts_texts ? all.flatMap((one) => (typeof one === "string" ? parted(one) : [one])) : all;
  };

  class LiveAPI {
    #callback = null;
    #thing = null;
    #id = 0;
    #path = "";
    #mode = 0;
    #property = "";
    #watcher = null;

    constructor(...given) {
      const first = given[0];
      const has_callback = typeof first === "function" || first === null || first === undefined;
      const [callback, place] = has_callback ? given : [null, first];
      const reason = where.why_not();
      if (reason) return void error(`Live API: ${reason}`);
      this.#callback = callback ?? null;
      where.apis.add(this);
      this.#watcher = {
        thing: null,
        property: "",
        hear: (thing, name) => this.#thing === thing && this.#property === name && this.#tell_value(),
        gone: (thing) => this.#thing === thing && this.#lost(),
      };
      if (place !== undefined) this.#place(place);
    }

    #refused(what, mistake) {
      if (!(mistake instanceof Refusal)) throw mistake;
      error(`Live API: ${what}: ${mistake.message}`);
    }

    // Does what it says, unless Live is not there to do it or refuses; then the console says so, and 1 is given.
    #attempt(what, action) {
      const reason = where.why_not();
      if (this.#thing && !this.#thing.alive) this.#thing = null;
      if (reason || !this.#thing) error(`Live API: ${what}: ${reason || "no valid object set"}`);
      else {
        try {
          return action(this.#thing);
        } catch (mistake) {
          this.#refused(what, mistake);
        }
      }
      return 1;
    }

    #change(what, action) {
      return this.#attempt(what, (thing) => {
        if (live.telling) throw new Refusal(NOTIFYING);
        const result = action(thing);
        if (!READS.test(what)) live.undo_steps++;
        return result;
      });
    }

    #place(place) {
      let thing = null;
      if (typeof place !== "string") return void error(`Live API: a path or "id N" wanted, not ${String(place)}`);
      const unquoted = place.replace(/^"(.*)"$/, "$1");
      try {
        thing = live.find(unquoted, where.device);
      } catch (mistake) {
        error(`Live API: ${mistake.message}`);
      }
      this.#path = unquoted;
      this.#point(thing);
    }

    #point(thing) {
      this.#thing = thing;
      this.#id = thing ? thing.id : 0;
      if (!this.#callback) return;
      this.#call(["id", thing ? thing.id : 0]);
      this.#watch();
    }

    #watch() {
      live.watchers.delete(this.#watcher);
      if (!this.#callback || !this.#thing) return;
      this.#watcher.thing = this.#thing;
      this.#watcher.property = this.#property;
      live.watchers.add(this.#watcher);
      if (this.#property) this.#tell_value(true);
    }

    #call(values) {
      live.as_notification(() => where.run(() => this.#callback.call(this, list(values))));
    }

    #tell_value() {
      try {
        const [, value] = reading.read(this.#thing, this.#property);
        this.#call([this.#property, ...atoms(value)]);
      } catch (mistake) {
        this.#refused(this.#property, mistake);
      }
    }

    #lost() {
      live.watchers.delete(this.#watcher);
      this.#thing = null;
      this.#id = 0;
      if (this.#callback) this.#call(["id", 0]);
    }

    // Max does this when the [js] goes.
    static forget(api) {
      live.watchers.delete(api.#watcher);
      api.#callback = null;
    }

    // What only points to an object keeps its id when it goes; what watches it is told.
    get id() {
      return String(this.#id);
    }

    // Of a bare number alone; an id that nothing has leaves it where it was.
    set id(value) {
      if (!/^\d+$/.test(String(value))) return void error(`Live API: id: a number wanted, not ${value}`);
      const thing = live.things.get(Number(value)) ?? null;
      if (!thing && Number(value) !== 0) return;
      this.#path = thing ? thing.path() : "";
      this.#point(thing);
    }

    get unquotedpath() {
      return this.#thing && this.#thing.alive ? this.#thing.path() : "";
    }

    get path() {
      return `"${this.unquotedpath}"`;
    }

    set path(value) {
      this.#place(value);
    }

    goto(path) {
      this.#place(path);
    }

    get type() {
      return this.#thing ? this.#thing.type : "";
    }

    get mode() {
      return this.#mode;
    }

    set mode(value) {
      this.#mode = value;
    }

    get property() {
      return this.#property;
    }

    set property(name) {
      this.#property = name;
      if (name) {
        const fine = this.#attempt(`property ${name}`, (thing) => {
          const [row] = reading.read(thing, name);
          if (!row.access.includes("observe")) throw new Refusal(`${thing.type}.${name} cannot be observed`);
          if (!this.#callback) throw new Refusal("observing needs a callback");
          return true;
        });
        if (fine !== true) this.#property = "";
      }
      this.#watch();
    }

    get(name) {
      return this.#attempt(`get ${name}`, (thing) => {
        const [row, value] = reading.read(thing, name);
        if (!row.access.includes("get")) throw new Refusal(`${thing.type}.${name} cannot be read`);
        return list(atoms(value));
      });
    }

    getstring(name) {
      const values = this.get(name);
      return values === 1 ? 1 : values.join(" ");
    }

    getcount(name) {
      return this.#attempt(`getcount ${name}`, (thing) => {
        const [, value] = reading.read(thing, name);
        if (!Array.isArray(value)) throw new Refusal(`${thing.type}.${name} is no list`);
        return value.length;
      });
    }

    set(name, ...given) {
      this.#change(`set ${name}`, (thing) => {
        const [row] = reading.read(thing, name);
        if (!row.access.includes("set")) throw new Refusal(`property '${name}' of '${thing.type}' has no setter`);
        const values = flat(given);
        live.calls.push([thing.path(), "set", name, ...values.map(shown)]);
        if (row.kind === "child") return thing.set_child(name, reading.object_of(values));
        if (values.length !== 1 && !live.parts_texts) throw new Refusal(`one value wanted, not ${values.join(" ")}`);
        const value = reading.typed(row.type, values[0], name);
        thing.set(name, value);
      });
      return 1;
    }

    call(name, ...given) {
      return this.#change(name, (thing) => {
        const row = live.table.row(thing.type, name);
        if (!row || row.kind !== "function") throw new Refusal(`'${thing.type}' object has no attribute '${name}'`);
        const values = reading.arguments_for(row, name, flat(given));
        if (!thing[`call_${name}`]) throw new Error(`the fake knows no ${thing.type}.${name}`);
        live.calls.push([thing.path(), "call", name, ...flat(given).map(shown)]);
        const result = thing[`call_${name}`](...values);
        return Array.isArray(result) ? list(atoms(result)) : result;
      });
    }
  }

  const shown = (value) => (value instanceof global.Dict ? JSON.parse(value.stringify()) : value);
  return LiveAPI;
}
