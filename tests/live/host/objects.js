// Max's small objects that route and shape messages. An object that is not here is not known to the fake.

const rest = (atoms) => (atoms.length ? atoms : ["bang"]);
const is_bang = (message) => message.length === 1 && message[0] === "bang";
const number = (atom) => (typeof atom === "number" ? atom : 0);

const KINDS = {
  b: () => ["bang"],
  i: (message) => [Math.trunc(number(message[0]))],
  f: (message) => [number(message[0])],
  s: (message) => [String(message[0])],
  l: (message) => message,
  a: (message) => message,
};

function trigger(box, given) {
  const kinds = given.length ? given : ["i", "i"];
  return {
    receive(inlet, message) {
      for (let outlet = kinds.length - 1; outlet >= 0; outlet--) {
        const kind = KINDS[String(kinds[outlet])[0]] && typeof kinds[outlet] === "string" && KINDS[kinds[outlet]];
        box.out(outlet, kind ? kind(message) : [kinds[outlet]]);
      }
    },
  };
}

function route(box, given) {
  return {
    receive(inlet, message) {
      const outlet = given.indexOf(message[0]);
      if (outlet < 0) box.out(given.length, message);
      else box.out(outlet, rest(message.slice(1)));
    },
  };
}

function select(box, given) {
  return {
    receive(inlet, message) {
      const outlet = given.indexOf(message[0]);
      if (outlet < 0) box.out(given.length, message);
      else box.out(outlet, ["bang"]);
    },
  };
}

// A message box: $1 ... are what comes in, commas part messages.
function message(box, text) {
  return {
    receive(inlet, given) {
      if (given[0] === "set") throw new Error("the fake sets no message boxes");
      const values = is_bang(given) ? [] : given;
      for (const part of text.split(",")) {
        const words = part.trim().split(/\s+/);
        const filled = words.map((word) => (/^\$\d$/.test(word) ? (values[Number(word[1]) - 1] ?? 0) : word));
        const atoms = filled.map((word) => (/^-?\d+(\.\d*)?$/.test(word) ? Number(word) : word));
        box.out(0, atoms);
      }
    },
  };
}

// Its words may be replaced, which is why a text that may begin with `set` must not come here alone.
function prepend(box, given) {
  let words = given;
  return {
    receive(inlet, atoms) {
      if (atoms[0] === "set") words = atoms.slice(1);
      else box.out(0, [...words, ...atoms]);
    },
  };
}

/** What makes each: (box, arguments) gives what receives messages. */
export const CONTROL = {
  t: trigger,
  trigger,
  route,
  sel: select,
  select,
  message,
  prepend,
  append: (box, given) => ({ receive: (inlet, atoms) => box.out(0, [...atoms, ...given]) }),
  tosymbol: (box) => ({ receive: (inlet, atoms) => box.out(0, [atoms.join(" ")]) }),
  fromsymbol: (box) => ({ receive: (inlet, atoms) => box.out(0, atoms.join(" ").split(/\s+/)) }),
  deferlow: (box) => ({ receive: (inlet, atoms) => box.host.clock.low(() => box.out(0, atoms)) }),
  defer: (box) => ({ receive: (inlet, atoms) => box.host.clock.low(() => box.out(0, atoms)) }),
  loadbang: (box) => {
    box.device.at_load.push(() => box.out(0, ["bang"]));
    return { receive: () => box.out(0, ["bang"]) };
  },
  freebang: (box) => {
    box.device.at_free.push(() => box.out(0, ["bang"]));
    return { receive: () => box.out(0, ["bang"]) };
  },
  "live.thisdevice": (box) => {
    box.device.at_ready.push(() => box.out(0, ["bang"]));
    return { receive: () => {} };
  },
};
