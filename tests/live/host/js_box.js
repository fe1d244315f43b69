// [js] and [jsui]: a script of the device in an ES5 context with Max's globals, always on the low priority queue.
import { carried, es5_global, run_in } from "./es5.js";
import { dict_class } from "./dict.js";
import { live_api_class } from "./live_api.js";
import { pen } from "./pen.js";
import { task_class } from "./task.js";

// Date, by the clock of the host.
const DATE = `(function (now) {
  var Real = Date;
  function Date_(a, b, c, d, e, f, g) {
    if (!(this instanceof Date_)) return new Real(now()).toString();
    var given = arguments;
    if (given.length === 0) return new Real(now());
    if (given.length === 1) return new Real(a);
    return new Real(a, b, c === undefined ? 1 : c, d || 0, e || 0, f || 0, g || 0);
  }
  Date_.prototype = Real.prototype;
  Date_.parse = Real.parse;
  Date_.UTC = Real.UTC;
  Date_.now = now;
  return Date_;
})`;

export class JsBox {
  constructor(box, [file, ...given]) {
    this.box = box;
    this.device = box.device;
    this.host = box.host;
    this.file = file;
    this.is_display = box.maxclass === "jsui";
    this.heard = [];
    this.in_global = true;
    this.apis = new Set();
    this.tasks = new Set();
    this.global = es5_global();
    Object.assign(this.global, this.max_globals(given));
    this.device.scripts.push(this);
    const source = this.device.files.get(file);
    if (!source) return void this.host.error(this.device, `js: can't find file ${file}`);
    this.run(() => run_in(this.global, source.toString("utf8"), file));
    this.in_global = false;
    if (this.is_display) this.host.clock.low(() => this.run(() => this.global.paint()));
    this.device.at_load.push(() => this.global.loadbang && this.run(() => this.global.loadbang()));
  }

  get now() {
    return this.host.clock.now;
  }

  /** Why LiveAPI cannot be used at this moment, or "". */
  why_not() {
    if (this.is_display) return "it does not work in jsui";
    if (this.in_global) return "not initialized in global code";
    if (!this.device.ready) return "not initialized, use live.thisdevice to determine when it is";
    if (this.device.removed) return "the device is gone";
    return "";
  }

  max_globals(given) {
    const { host, device } = this;
    const where = {
      global: this.global,
      live: host.live,
      device: device.thing,
      error: (text) => host.error(device, text),
      why_not: () => this.why_not(),
      apis: this.apis,
      run: (action) => this.run(action),
    };
    const globals = {
      inlets: 1,
      outlets: 1,
      inlet: 0,
      autowatch: 0,
      messagename: "",
      jsarguments: carried(this.global, [this.file, ...given]),
      post: (...words) => host.say(device, words.join(" "), true),
      error: (...words) => host.error(device, words.join(" ")),
      outlet: (number, ...values) => this.out(number, values),
      setinletassist: () => {},
      setoutletassist: () => {},
      arrayfromargs: (...values) => carried(this.global, values.flatMap((one) => spread(one))),
      messnamed: (name, ...values) => host.named(device, name, values),
      Task: task_class(this),
      Dict: dict_class(this.global, host.dicts),
      Date: run_in(this.global, DATE)(() => host.start_ms + Math.floor(host.clock.now)),
      patcher: new PatcherView(device.boxes),
      max: { version: 0x855, os: host.os, isruntime: 0 },
    };
    if (this.is_display) {
      globals.mgraphics = pen(this.box.spec, () => host.clock.low(() => this.run(() => this.global.paint())));
    }
    globals.box = { rect: this.box.spec.presentation_rect ?? this.box.spec.patching_rect };
    this.global.Dict = globals.Dict;
    globals.LiveAPI = live_api_class(where);
    return globals;
  }

  out(number, values) {
    if (!(Number.isInteger(number) && number >= 0 && number < this.global.outlets)) {
      return this.host.error(this.device, `${this.file}: outlet index ${number} out of range`);
    }
    const atoms = values.flatMap((one) => spread(one));
    for (const atom of atoms) {
      if (!["string", "number"].includes(typeof atom) || Number.isNaN(atom)) {
        return this.host.error(this.device, `${this.file}: outlet: ${String(atom)} is no atom`);
      }
    }
    this.box.out(number, atoms.length ? atoms : ["bang"]);
  }

  /** Runs script code; what it throws goes to the console, as in Max. */
  run(action) {
    try {
      return action();
    } catch (error) {
      // A mistake of the fake's own must not look like one of the script's.
      this.host.error(this.device, `${this.file}: Javascript ${(error && error.stack) || error}`);
    }
  }

  code(text) {
    return run_in(this.global, text, "run");
  }

  receive(inlet, message) {
    this.heard.push(message);
    this.host.clock.low(() => !this.device.removed && this.take(inlet, message));
  }

  take(inlet, message) {
    const [first, ...others] = message;
    const global = this.global;
    global.inlet = inlet;
    let name = first;
    let values = others;
    if (typeof first === "number") {
      values = message;
      const exact = Number.isInteger(first) ? "msg_int" : "msg_float";
      const other = exact === "msg_int" ? "msg_float" : "msg_int";
      name = message.length > 1 ? "list" : typeof global[exact] === "function" ? exact : other;
      if (name === "msg_int") values = [Math.trunc(first)];
    }
    const own = typeof global[name] === "function" && !global[name].local ? global[name] : global.anything;
    global.messagename = name;
    if (typeof own !== "function") return this.host.error(this.device, `${this.file}: no function ${name}`);
    this.run(() => own.apply(global, carried(this.global, values)));
  }

  /** The device goes: the script is told, when nobody promises its cords any more; its tasks and observers end. */
  end() {
    this.box.cords = [];
    if (typeof this.global.notifydeleted === "function") this.run(() => this.global.notifydeleted());
    for (const task of this.tasks) task.cancel();
    for (const api of this.apis) this.global.LiveAPI.forget(api);
  }
}

// An array or an arguments object of a script becomes its atoms.
function spread(one) {
  return one !== null && typeof one === "object" && typeof one.length === "number" ? Array.from(one) : [one];
}

/** What a script sees of its patcher. */
class PatcherView {
  #boxes;

  constructor(boxes) {
    this.#boxes = boxes;
  }

  apply(each) {
    for (const box of this.#boxes.values()) if (each(new BoxView(box)) === false) break;
  }

  getnamed(name) {
    const found = [...this.#boxes.values()].find((box) => box.varname === name);
    return found ? new BoxView(found) : null;
  }
}

class BoxView {
  #box;

  constructor(box) {
    this.#box = box;
  }

  get varname() {
    return this.#box.varname;
  }

  get maxclass() {
    return this.#box.maxclass;
  }

  get rect() {
    return this.#box.spec.patching_rect;
  }

  get hidden() {
    return this.#box.hidden;
  }

  set hidden(value) {
    this.#box.hidden = Number(value);
  }

  message(...atoms) {
    this.#box.receive(0, atoms);
  }
}
