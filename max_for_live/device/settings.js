// What the musician has set: the values that the parameters of the patch send, kept by the names of the protocol.
// null is `auto`: it is left out of a request, and the model decides.

exports.AMOUNTS = 6;
exports.SERVICE_PORT = 9130;

exports.create = function () {
  return {
    prompt: "",
    strength: null,
    guidance_scale: null,
    seed: 0,
    variations: 1,
    model: null,
    count: 3,
    noise_level: null,
    amounts: [0, 0, 0, 0, 0, 0],
    mute_source: false,
    service_port: exports.SERVICE_PORT,
    tab: 0
  };
};

// A dial whose place 0 is `auto`; the places after it go up from `low` by 1 / `parts`.
function dial(low, parts) {
  return function (index) {
    return index < 1 ? null : (low * parts + Math.round(index) - 1) / parts;
  };
}

function whole(value) {
  return Math.round(value);
}

var NUMBERS = {
  strength: dial(0, 100),
  guidance_scale: dial(0, 2),
  noise_level: dial(0.05, 100),
  seed: whole,
  variations: whole,
  count: whole,
  service_port: whole,
  tab: whole,
  mute_source: function (value) {
    return value !== 0;
  }
};

// A text field's text: the word `text`, then nothing where it is empty, else one symbol or several words. What Max kept
// with the set may come in quotes, and with a backslash before the signs that Max itself has a use for.
function text(values) {
  var words = values[0] === "text" ? values.slice(1) : values;
  return words.join(" ").replace(/\s+/g, " ").replace(/^ | $/g, "")
    .replace(/^"([^"]*)"$/, "$1").replace(/\\([,;$"])/g, "$1");
}

function is_number(value) {
  return typeof value === "number" && isFinite(value);
}

// Takes in the message `name values...` of a parameter. True, or false when it is not one.
exports.take = function (held, name, values) {
  if (name === "prompt") {
    held.prompt = text(values);
  } else if (name === "model") {
    held.model = text(values);
    held.model = held.model === "" || held.model.toLowerCase() === "auto" ? null : held.model;
  } else if (name === "amount" && values[0] >= 1 && values[0] <= exports.AMOUNTS && is_number(values[1])) {
    held.amounts[values[0] - 1] = values[1];
  } else if (NUMBERS.hasOwnProperty(name) && is_number(values[0])) {
    held[name] = NUMBERS[name](values[0]);
  } else {
    return false;
  }
  return true;
};
