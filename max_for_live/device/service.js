// Whether the service answers and understands us, and what it is doing: by hello until it welcomes us, then by status.

var requests = require("./requests");
var settings = require("./settings");
var words = require("./words");

var HELLO_MS = 1000;
var LATER_HELLO_MS = 3000;
var FIRST_HELLOS = 5;
var IDLE_MS = 5000;
var BUSY_MS = 2000;
// So many questions without an answer, and the service is gone; so many hellos, and there is none.
var PATIENCE = 3;
var HELLO_PATIENCE = 2;

function absent(port) {
  var text = "No service answers on port " + port + ". ";
  if (port !== settings.SERVICE_PORT) {
    return text + "Start it there: `retone serve --port " + port + "`; or set Service Port (Setup) to its own.";
  }
  return text + "Start it: type `retone serve` in a terminal, or once `retone install login`.";
}

function misunderstood(welcome) {
  if (welcome.protocol > requests.PROTOCOL) {
    return "The service (" + welcome.version + ") is newer than this device. Run `retone install live`, then load the "
      + "device anew.";
  }
  return "The service (" + welcome.version + ") is older than this device. Update Retone, type `retone send "
    + "/retone/quit`, then `retone serve`.";
}

// `send(message)` sends a flat list to the service.
exports.create = function (send) {
  var port, reply_port, welcome, vitals, unanswered, hellos, said_at, is_gone;

  function seek(now) {
    welcome = null;
    vitals = { device: "", model: "", trouble: "", uptime_seconds: -1 };
    unanswered = 0;
    hellos = 0;
    said_at = now - LATER_HELLO_MS;
    is_gone = false;
  }

  function say_hello(now) {
    var pause = hellos < FIRST_HELLOS ? HELLO_MS : LATER_HELLO_MS;
    if (now < said_at + pause) {
      return;
    }
    is_gone = is_gone || hellos >= HELLO_PATIENCE;
    hellos += 1;
    said_at = now;
    send(requests.hello(reply_port));
  }

  function ask_status(now, is_busy) {
    if (now < said_at + (is_busy ? BUSY_MS : IDLE_MS)) {
      return;
    }
    if (unanswered >= PATIENCE) {
      seek(now); // The next tick says hello.
      is_gone = true;
      return;
    }
    unanswered += 1;
    said_at = now;
    send(requests.status(reply_port));
  }

  // Looks for the service at `to`, with `from` for its answers. `now` is in milliseconds, here and below.
  function start(to, from, now) {
    port = to;
    reply_port = from;
    seek(now);
  }

  start(0, 0, 0);

  function understands() {
    return welcome !== null && welcome.protocol === requests.PROTOCOL;
  }

  // Takes in an event of replies.js. True when jobs are to be asked for anew: the service was not there before, or has
  // been started again meanwhile.
  function hear(event) {
    var was_there = understands();
    var is_another = false;
    unanswered = 0;
    if (event.kind === "welcome") {
      welcome = event;
      vitals.device = event.device;
      vitals.model = event.model;
    } else if (event.kind === "status.reply") {
      is_another = event.uptime_seconds < vitals.uptime_seconds;
      vitals = event;
    }
    return understands() && (is_another || !was_there);
  }

  return {
    start: start,
    hear: hear,
    tick: function (now, is_busy) {
      if (understands()) {
        ask_status(now, is_busy);
      } else {
        say_hello(now);
      }
    },
    // Whether jobs can be sent.
    is_there: understands,
    // Whether nobody answers; not so in the first moments, when nobody knows.
    is_gone: function () {
      return is_gone && welcome === null;
    },
    // Whether it is there, but its engine is not ready yet.
    is_starting: function () {
      return understands() && !vitals.device && !vitals.trouble;
    },
    // What is shown of the service: {lamp: 0 none, 1 starting, 2 ready, 3 trouble; engine: a few words;
    // sentence: what is wrong and what to do, or ""}.
    state: function () {
      if (welcome === null) {
        return is_gone ? { lamp: 0, engine: "no service", sentence: absent(port) }
          : { lamp: 1, engine: "looking for the service", sentence: "" };
      } else if (!understands()) {
        return { lamp: 3, engine: "other version", sentence: misunderstood(welcome) };
      } else if (vitals.trouble) {
        return { lamp: 3, engine: "trouble", sentence: vitals.trouble };
      } else if (!vitals.device) {
        return { lamp: 1, engine: "starting", sentence: "" };
      }
      var model = vitals.model.replace(/[\/\\]+$/, "").replace(/^.*[\/\\]/, "");
      return { lamp: 2, engine: ["ready", vitals.device, model].join(words.DOT), sentence: "" };
    }
  };
};
