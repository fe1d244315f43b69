// What stands in the device's face: Live's parameters, texts and pictures.

const clipped = (value, low, high) => Math.min(high, Math.max(low, value));

/** A parameter: its value, kept with the set, and who may change it. */
class Parameter {
  constructor(box) {
    this.box = box;
    this.attributes = box.spec.saved_attribute_attributes?.valueof ?? {};
    this.name = this.attributes.parameter_longname ?? box.varname;
    this.labels = this.attributes.parameter_enum ?? [];
    const { parameter_initial: initial, parameter_initial_enable: initially } = this.attributes;
    this.value = initially && initial !== undefined ? [initial].flat()[0] : this.low;
    box.device.add_parameter(this);
  }

  get low() {
    return this.labels.length ? 0 : (this.attributes.parameter_mmin ?? 0);
  }

  get high() {
    return this.labels.length ? this.labels.length - 1 : (this.attributes.parameter_mmax ?? 127);
  }

  /** What a value becomes: in range, and whole when the parameter is. */
  fitted(value) {
    const at = typeof value === "string" ? this.labels.indexOf(value) : value;
    if (typeof at !== "number" || (this.labels.length && at < 0)) throw new Error(`${this.name} has no ${value}`);
    const whole = this.labels.length || this.attributes.parameter_type === 1;
    return clipped(whole ? Math.round(at) : at, this.low, this.high);
  }

  /** The user, a controller or automation turns it. */
  turn(value) {
    this.value = this.fitted(value);
    this.out();
  }

  /** The set comes back with this value. */
  restore(value) {
    this.value = this.fitted(value);
  }

  out() {
    this.box.out(0, [this.value]);
  }

  // A value that the patch writes is a change of the set, which Live lets the user undo.
  written(value) {
    const fitted = this.fitted(value);
    if (fitted !== this.value) this.box.host.live.undo_steps++;
    this.value = fitted;
  }

  receive(inlet, [word, value]) {
    if (word === "bang" || word === "outputvalue") this.out();
    else if (typeof word === "number") {
      this.written(word);
      this.out();
    } else if (word === "set") this.written(value);
    else throw new Error(`${this.name}: ${this.box.maxclass} knows no ${word}`);
  }
}

/** live.text: a button, or a switch. */
class TextButton extends Parameter {
  get is_button() {
    return this.box.spec.mode === 0;
  }

  get high() {
    return 1;
  }

  press() {
    if (this.is_button) this.box.out(0, ["bang"]);
    else this.turn(1 - this.value);
  }

  receive(inlet, message) {
    if (message[0] === "bang") this.press();
    else super.receive(inlet, message);
  }
}

class Tab extends Parameter {
  out() {
    this.box.out(1, [this.labels[this.value]]);
    this.box.out(0, [this.value]);
  }
}

/** textedit: a text that is kept with the set, told when Enter is pressed or by a bang. */
class TextEdit extends Parameter {
  constructor(box) {
    super(box);
    const initial = [this.attributes.parameter_initial ?? box.spec.text ?? ""].flat().join(" ");
    this.value = this.attributes.parameter_initial_enable ? initial : (box.spec.text ?? "");
  }

  fitted(value) {
    return String(value);
  }

  type(text, enter) {
    this.value = text;
    if (enter) this.out();
  }

  out() {
    const words = this.box.spec.outputmode === 1 ? [this.value] : this.value.split(/\s+/);
    this.box.out(0, ["text", ...words.filter((word) => word !== "")]);
  }

  receive(inlet, [word, ...values]) {
    if (word === "bang") this.out();
    else if (word === "set") this.written(values.join(" "));
    else if (word === "clear") this.written("");
    else throw new Error(`textedit knows no ${word}`);
  }
}

/** live.comment: a text that the patch may set; a symbol without letters is written as Max writes it. */
class Comment {
  constructor(box) {
    this.text = box.spec.text ?? "";
    this.times = 0;
  }

  receive(inlet, [word, ...values]) {
    if (word !== "set") throw new Error(`live.comment knows no ${word}`);
    this.text = values.map((one) => (one === "" ? '""' : one)).join(" ");
    this.times++;
  }
}

const parameter = (box) => new Parameter(box);
const picture = () => ({
  receive(inlet, [word]) {
    throw new Error(`a picture knows no ${word}`);
  },
});

export const WIDGETS = {
  "live.dial": parameter,
  "live.numbox": parameter,
  "live.slider": parameter,
  "live.toggle": (box) => new TextButton(box),
  "live.text": (box) => new TextButton(box),
  "live.tab": (box) => new Tab(box),
  "live.menu": (box) => new Tab(box),
  textedit: (box) => new TextEdit(box),
  "live.comment": (box) => new Comment(box),
  comment: picture,
  fpic: picture,
  panel: picture,
  "live.line": picture,
};
