// All that the device shows at a moment, from the state of its parts.

var status = require("./status");

var NO_CLIP = "no audio clip selected";
var HINTS = [
  "Press Edit to edit the clip.",
  "Press Find: it looks for directions along which this clip may vary.",
  "The model is a name that `retone models` lists, or auto."
];

function hint(parts, labels) {
  if (parts.clip.sentence) {
    return parts.clip.sentence;
  } else if (parts.service.is_starting()) {
    return "The service starts; what you ask for waits for it.";
  } else if (parts.held.tab === 0 && !parts.held.prompt) {
    return "Type what the clip should sound like, then press Edit.";
  } else if (parts.held.tab === 1 && labels.length > 0) {
    return "Turn the knobs, then press Steer.";
  }
  return HINTS[parts.held.tab] || "";
}

// What is told of the service, or of the port while there is none.
function state(parts) {
  if (parts.port.trouble()) {
    return { lamp: 3, engine: "no port", sentence: parts.port.trouble() };
  }
  return parts.reply_port > 0 ? parts.service.state() : { lamp: 1, engine: "checking its port", sentence: "" };
}

// `parts`: {now, said, clip: as selection.current gives it, held, reply_port (0: none), port, service, jobs, found}.
// Gives what panel.draw takes.
exports.compose = function (parts) {
  var shown = state(parts);
  var labels = parts.clip.sentence ? [] : parts.found.labels(parts.clip, parts.held);
  var line = status.compose({
    now: parts.now,
    said: parts.said,
    trouble: shown.sentence,
    seeking: parts.service.is_there() ? "" : shown.engine,
    jobs: parts.jobs,
    hint: hint(parts, labels)
  });
  return {
    status: line.status,
    time: line.time,
    bar: line.bar,
    lamp: shown.lamp,
    engine: shown.engine,
    clip: parts.clip.sentence ? NO_CLIP : parts.clip.text,
    labels: labels
  };
};
