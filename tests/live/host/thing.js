// What all objects of the set have in common: an id, a place in the tree, values of their own, and who watches them.

/** An error that Live prints to Max's console and does not throw. */
export class Refusal extends Error {}

export class Thing {
  /** `type` is the class in the table; `live` the application the object lives in. */
  constructor(live, type, parent) {
    this.live = live;
    this.type = type;
    this.parent = parent;
    this.values = {};
    this.children = {};
    this.id = live.enter(this);
  }

  get alive() {
    return this.live.things.get(this.id) === this;
  }

  /** A child by its name: a Thing, a list of them, or null for none; undefined when there is no such child. */
  child(name) {
    if (name === "canonical_parent") return this.parent;
    const own = this[`child_${name}`];
    return own ? own.call(this) : this.children[name];
  }

  /** A property's value as Max sees it; undefined when the object has none of this name. */
  get(name) {
    const own = this[`get_${name}`];
    return own ? own.call(this) : this.values[name];
  }

  /** Changes a value, or throws a Refusal; those who watch it hear of it. */
  set(name, value) {
    const own = this[`set_${name}`];
    if (own) own.call(this, value);
    else if (name in this.values) this.values[name] = value;
    else throw new Error(`the fake cannot set ${this.type}.${name}`);
    this.changed(name);
  }

  changed(name) {
    this.live.changed(this, name);
  }

  /** The words of the path below the parent. */
  step() {
    return "";
  }

  path() {
    return [this.parent ? this.parent.path() : "", this.step()].filter(Boolean).join(" ");
  }

  /** Takes the object and all below it out of the set. */
  leave() {
    for (const below of Object.values(this.children).flat()) if (below) below.leave();
    this.live.left(this);
  }
}

/** Whether a number lies in a range; else a Refusal. */
export function within(name, value, low, high) {
  if (value < low || value > high) throw new Refusal(`Invalid value. ${name} must be from ${low} to ${high}`);
  return value;
}
