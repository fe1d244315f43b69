// What the service says, as events: objects with named fields, for arguments that stand in order.

// By address: the names of the arguments with their kinds. Numbers may come as whole ones or not; a count is whole, and
// at least 1.
var SHAPES = {
  "/retone/welcome": [["version", "text"], ["protocol", "number"], ["device", "text"], ["model", "text"],
    ["lease_seconds", "number"]],
  "/retone/status.reply": [["running", "text"], ["waiting", "number"], ["done", "number"], ["failed", "number"],
    ["device", "text"], ["model", "text"], ["uptime_seconds", "number"], ["trouble", "text"]],
  "/retone/ack": [["job", "text"]],
  "/retone/busy": [["job", "text"], ["retry_ms", "number"]],
  "/retone/queued": [["job", "text"], ["position", "number"]],
  "/retone/progress": [["job", "text"], ["fraction", "number"], ["stage", "text"],
    ["seconds_left", "number"]], // -1: not known yet
  "/retone/warning": [["job", "text"], ["code", "text"], ["message", "text"]],
  "/retone/direction": [["job", "text"], ["direction", "count"], ["share", "number"], ["start", "number"],
    ["frames", "number"], ["low_hz", "number"], ["high_hz", "number"]],
  "/retone/result": [["job", "text"], ["index", "count"], ["path", "text"]],
  "/retone/done": [["job", "text"], ["count", "count"], ["first_path", "text"]],
  "/retone/fail": [["job", "text"], ["code", "text"], ["message", "text"]]
};

function is_count(value) {
  return value >= 1 && value === Math.floor(value);
}

// The address and arguments of a packet as an event {kind, ...}, its kind the address without /retone/; null when it is
// none, or not as it should be. An empty text may have been lost on the way through Max: where a number stands for a
// text, or nothing at all, the text was empty.
exports.read = function (address, values) {
  var shape = SHAPES.hasOwnProperty(address) ? SHAPES[address] : null;
  if (!shape) {
    return null;
  }
  var event = { kind: address.slice("/retone/".length) };
  var next = 0;
  var place, name, value;
  for (place = 0; place < shape.length; place += 1) {
    name = shape[place][0];
    value = values[next];
    if (shape[place][1] !== "text") {
      if (typeof value !== "number" || !isFinite(value) || (shape[place][1] === "count" && !is_count(value))) {
        return null;
      }
      event[name] = value;
      next += 1;
    } else if (typeof value === "string") {
      event[name] = value;
      next += 1;
    } else {
      event[name] = "";
    }
  }
  return event.job === "" ? null : event;
};
