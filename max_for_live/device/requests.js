// Every message to the service, as a flat list: the address, then its arguments.

exports.PROTOCOL = 1;
// A packet of the protocol stays below 2,048 bytes; Max encodes it, so a little is left.
exports.SIZE_LIMIT = 2040;
var PROMPT_LENGTH = 500;

// Less than this is 0.00 at a knob.
var SHOWN_AMOUNT = 0.005;
var SUBFOLDER = "Samples/Processed/Retone";

exports.hello = function (reply_port) {
  return ["/retone/hello", "live", exports.PROTOCOL, reply_port];
};

exports.status = function (reply_port) {
  return ["/retone/status", reply_port];
};

exports.job = function (id, reply_port) {
  return ["/retone/job", id, reply_port];
};

exports.cancel = function (id, reply_port) {
  return ["/retone/cancel", id, reply_port];
};

exports.received = function (id) {
  return ["/retone/received", id];
};

// A job's request, as one of those below, with the port for its answers.
exports.answered_at = function (request, reply_port) {
  return request.concat(["reply_port", reply_port]);
};

// Adds the pairs of `names` to a message, without those that are at auto.
function add(message, values, names) {
  var place;
  for (place = 0; place < names.length; place += 1) {
    if (values[names[place]] !== null) {
      message.push(names[place], values[names[place]]);
    }
  }
}

// Adds what of the file is meant (see source.js).
function add_region(message, plan) {
  message.push("region_start", plan.region_start, "region_frames", plan.region_frames);
}

// Adds the folder of the set that a result is to lie in. An unsaved set has none; then it lies in the service's own
// folder, which is kept. Previews always lie there, where the oldest make room.
function add_folder(message, plan) {
  if (plan.set_folder) {
    message.push("output_folder", plan.set_folder, "output_subfolder", SUBFOLDER);
  }
}

exports.edit = function (id, plan, held) {
  var message = ["/retone/edit", id, plan.path];
  add(message, held, ["prompt", "strength", "guidance_scale", "seed", "variations", "model"]);
  add_region(message, plan);
  add_folder(message, plan);
  return message;
};

exports.directions = function (id, plan, held) {
  var message = ["/retone/directions", id, plan.path];
  add(message, held, ["count", "noise_level", "strength", "seed", "model"]);
  add_region(message, plan);
  return message;
};

// The knobs that are turned, among the first `count`: [[direction, amount] ...].
exports.pushes = function (amounts, count) {
  var found = [];
  var place;
  for (place = 0; place < count; place += 1) {
    if (Math.abs(amounts[place]) >= SHOWN_AMOUNT) {
      found.push([place + 1, amounts[place]]);
    }
  }
  return found;
};

// `pushes` as above, at least one.
exports.steer = function (id, plan, pushes, held) {
  var message = ["/retone/steer", id, plan.path];
  var place;
  for (place = 0; place < pushes.length; place += 1) {
    message.push("direction", pushes[place][0], "amount", pushes[place][1]);
  }
  add(message, held, ["count", "noise_level", "strength", "seed", "model"]);
  add_region(message, plan);
  add_folder(message, plan);
  return message;
};

// How long a text is in UTF-8.
function bytes_of(text) {
  // A percent and two hex digits for each byte that is no plain letter. Half a letter of two is three bytes.
  var whole = text.replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g, "....").replace(/[\uD800-\uDFFF]/g, "...");
  return encodeURIComponent(whole).replace(/%../g, ".").length;
}

// A text of OSC ends with a zero and fills up fours.
function padded(bytes) {
  return bytes + 4 - bytes % 4;
}

// The bytes of a message as a packet of OSC.
exports.size = function (message) {
  var bytes = padded(bytes_of(message[0])) + padded(message.length); // the tags: a comma and one an argument
  var place;
  for (place = 1; place < message.length; place += 1) {
    bytes += typeof message[place] === "number" ? 4 : padded(bytes_of(message[place]));
  }
  return bytes;
};

// What to tell the user of a job's request that is too long, or "".
exports.refusal = function (message) {
  var at = message.indexOf("prompt", 3);
  var letters = at < 0 ? 0 : message[at + 1].replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g, ".").length;
  if (letters > PROMPT_LENGTH) {
    return "The prompt has " + letters + " characters, and may have " + PROMPT_LENGTH + ": shorten it.";
  }
  if (exports.size(exports.answered_at(message, 65535)) <= exports.SIZE_LIMIT) {
    return "";
  }
  return "The prompt and the paths of clip and set are too long together: shorten the prompt, or move the set to a "
    + "shorter path.";
};
