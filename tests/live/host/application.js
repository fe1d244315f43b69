// Live itself: its version, all objects by their ids, and who is told when one changes.
import { Song } from "./song.js";
import { Table } from "./table.js";
import { Thing } from "./thing.js";

// How many tracks and scenes each edition allows.
const EDITIONS = { full: [null, null], lite: [8, 8], intro: [16, 16] };

export class Application extends Thing {
  /** `config`: {version, set, edition, new_clips}; `clock` is that of the whole host. */
  constructor(config, clock) {
    const things = new Map();
    super({ enter: (thing) => (things.set(1, thing), 1) }, "Application", null);
    this.live = this;
    this.things = things;
    this.next_id = 2;
    this.clock = clock;
    this.version = config.version;
    this.table = new Table(config.version);
    this.parts_texts = Boolean(config.parts_texts);
    this.new_clips = { warped: true, looping: true, warp_mode: 0, tempo: 97, ...config.new_clips };
    [this.track_limit, this.scene_limit] = EDITIONS[config.edition ?? "full"];
    this.watchers = new Set();
    this.destroyed = [];
    this.made = [];
    this.deleted = [];
    this.refusing = null;
    this.routings = new Map();
    this.undo_steps = 0;
    this.telling = false;
    this.calls = [];
    new Song(this, config.set);
  }

  enter(thing) {
    this.things.set(this.next_id, thing);
    return this.next_id++;
  }

  left(thing) {
    this.things.delete(thing.id);
    for (const watcher of [...this.watchers]) if (watcher.thing === thing) this.tell(() => watcher.gone(thing));
    if (this.song.children.view) this.song.children.view.forget();
  }

  changed(thing, name) {
    for (const watcher of [...this.watchers]) {
      if (watcher.thing === thing && watcher.property === name) this.tell(() => watcher.hear(thing, name));
    }
  }

  /** Runs a callback as a notification, later, when nothing else runs: meanwhile nothing can be written. */
  tell(callback) {
    this.clock.low(() => this.as_notification(callback));
  }

  as_notification(callback) {
    const before = this.telling;
    this.telling = true;
    try {
      callback();
    } finally {
      this.telling = before;
    }
  }

  /** From now on Live refuses this share of what a device asks it to make, by a chance that is the same each time. */
  refuse(share, seed) {
    let state = seed;
    this.refusing = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32 < share;
    };
  }

  /** Whether Live refuses to make something now. */
  refuses() {
    return this.refusing !== null && this.refusing();
  }

  step() {
    return "live_app";
  }

  /** The object at a path: null when it is not there; throws an Error when a name is none of the model's. */
  find(path, device) {
    const words = path.trim().split(/\s+/).filter(Boolean);
    const roots = { live_app: this, live_set: this.song, this_device: device };
    if (words[0] === "id" && words.length === 2) return this.things.get(Number(words[1])) ?? null;
    if (!(words[0] in roots)) throw new Error(`Invalid syntax: '${path}'`);
    let at = roots[words[0]];
    for (let i = 1; i < words.length && at; i++) {
      const row = this.table.row(at.type, words[i]);
      if (!row || row.kind !== "child") throw new Error(`Invalid syntax: '${words[i]}' in '${path}'`);
      let child = at.child(words[i]);
      if (child === undefined) throw new Error(`the fake knows no ${at.type}.${words[i]}`);
      if (Array.isArray(child)) {
        if (!/^\d+$/.test(words[++i] ?? "")) throw new Error(`Invalid syntax: a number is missing in '${path}'`);
        child = child[Number(words[i])] ?? null;
      }
      at = child;
    }
    return at ?? null;
  }

  /** The object at a path for who drives the fake: no table says which names there are. */
  find_any(path) {
    const [root, ...words] = path.split(" ");
    let at = root === "live_app" ? this : this.song;
    for (const word of words) {
      if (at === undefined || at === null) return null;
      at = Array.isArray(at) ? at[Number(word)] : at.child(word);
    }
    return at ?? null;
  }

  routing(name) {
    if (!this.routings.has(name)) this.routings.set(name, 16 + this.routings.size);
    return { display_name: name, identifier: this.routings.get(name) };
  }

  call_get_major_version() {
    return Number(this.version.split(".")[0]);
  }

  call_get_minor_version() {
    return Number(this.version.split(".")[1]);
  }

  call_get_bugfix_version() {
    return Number(this.version.split(".")[2]);
  }

  call_get_version_string() {
    return this.version;
  }
}

export class MaxDevice extends Thing {
  constructor(live, track, name) {
    super(live, "MaxDevice", track);
    Object.assign(this.values, { name, class_name: "MxDeviceAudioEffect", class_display_name: "Max Audio Effect" });
    Object.assign(this.values, { type: 2, is_active: 1, can_have_chains: 0, can_have_drum_pads: 0 });
    track.children.devices.push(this);
    track.changed("devices");
  }

  step() {
    return `devices ${this.parent.children.devices.indexOf(this)}`;
  }

  remove() {
    this.parent.children.devices.splice(this.parent.children.devices.indexOf(this), 1);
    this.leave();
    this.parent.changed("devices");
  }
}
