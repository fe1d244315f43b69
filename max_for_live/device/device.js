// The device as a whole: what its parts are, and what each message of the patch goes to.
//
// Until live.thisdevice has said that the device is ready, values are remembered and presses dropped: while a set is
// loaded both come from Live, not from the user.

var actions = require("./actions");
var client = require("./client");
var connection = require("./connection");
var ends = require("./ends");
var found = require("./found");
var landing = require("./landing");
var landings = require("./landings");
var panel = require("./panel");
var replies = require("./replies");
var said = require("./said");
var selection = require("./selection");
var settings = require("./settings");
var status = require("./status");
var tabs = require("./tabs");
var version = require("./version");
var view = require("./view");

var TICK_MS = 100;
var LOOK_MS = 2000;

// The outlets of the js.
var TO_SERVICE = 0;
var LISTEN = 1;
var TO_SELF = 2;
var TO_BOXES = 3;

// `max`: {outlet(number, list), now() in milliseconds, chance(), repeat(ms, act) gives a function that ends it,
// patcher(), open(address), note(text) and fault(text) to Max's window}.
exports.create = function (max) {
  var held = settings.create();
  var is_ready = false;
  var clip = { sentence: "" };
  var look_at = 0;
  var last_fault = "";
  var stop_ticking = null;

  function to_service(message) {
    max.outlet(TO_SERVICE, message);
  }

  var the_said = said.create(max.note);

  // Answers a press; what has no room in the status stands whole in Max's window.
  function say(text) {
    the_said.answer(text, max.now());
    if (text.length > panel.STATUS_LENGTH) {
      max.note(text);
    }
  }

  function tell(text) {
    the_said.tell(text, max.now());
  }

  var the_client = client.create(to_service);
  var the_found = found.create();
  var the_panel = panel.create(function (message) {
    max.outlet(TO_BOXES, message);
  });
  var the_connection = connection.create({
    to_service: to_service,
    listen: function (number) {
      max.outlet(LISTEN, ["port", number]);
    },
    say_to: function (number, message) {
      max.outlet(TO_SELF, ["port", number]);
      max.outlet(TO_SELF, message);
    },
    chance: max.chance
  });
  var the_service = the_connection.service;
  var the_ends = null;
  var land = landings.create(function (one, on_end) {
    landing.land(one.about.plan, the_ends.files_of(one), { mute_source: held.mute_source }, on_end);
  }, function (one, result) {
    the_ends.landed(one, result);
  });

  var the_actions = actions.create({
    held: held,
    client: the_client,
    found: the_found,
    plan: function () {
      clip = selection.current();
      return clip;
    },
    say: say,
    begun: the_said.forget,
    is_there: the_service.is_there,
    last_path: function () {
      return the_ends.last_path();
    },
    chance: max.chance,
    open: max.open,
    send_seed: function (seed) {
      max.outlet(TO_BOXES, ["seed", seed]);
    }
  });

  // Its name and length change without a notice.
  function look_at_clip(now) {
    look_at = now + LOOK_MS;
    clip = selection.current();
  }

  // What was said long ago goes, and what is_done(said) says.
  function make_room(is_done) {
    var stands = the_said.current(max.now());
    if (stands !== null && (status.is_old(stands, max.now()) || is_done(stands))) {
      the_said.forget();
    }
  }

  // Another clip is selected: what was said of the one before, or long ago, makes room.
  function clip_changed() {
    var of_clip = clip.sentence;
    look_at_clip(max.now());
    make_room(function (stands) {
      return stands.text === of_clip || (clip.sentence && !stands.is_end);
    });
    draw();
  }

  function draw() {
    the_panel.draw(view.compose({
      now: max.now(),
      said: the_said.current(max.now()),
      clip: clip,
      held: held,
      reply_port: the_connection.reply_port(),
      port: the_connection.port,
      service: the_service,
      jobs: the_client.jobs(),
      found: the_found
    }));
  }

  function tick() {
    var now = max.now();
    if (now >= look_at) {
      look_at_clip(now);
    }
    the_connection.tick(now, the_client.jobs().length > 0);
    if (the_service.is_there()) {
      the_client.tick(now, the_connection.reply_port());
    }
    draw();
  }

  // A fault of ours is said, too, once, and the rest goes on.
  function guarded(act) {
    try {
      act();
    } catch (fault) {
      if (String(fault) !== last_fault) {
        last_fault = String(fault);
        max.fault("Retone: " + fault + (fault.stack ? "\n" + fault.stack : ""));
        say("A fault of Retone's own; Max's window says more: " + fault);
      }
    }
  }

  function hear_packet(address, values, now) {
    var event, news;
    if (address === "/retone/here") {
      the_connection.hear_itself(values[0], now);
      return;
    }
    event = replies.read(address, values);
    if (event === null || the_connection.reply_port() === 0) {
      return;
    }
    if (the_service.hear(event)) {
      the_client.resume(now);
    }
    news = event.job ? the_client.hear(event, now) : null;
    if (news) {
      the_ends.hear(news);
    }
  }

  function hear(name, values) {
    var now = max.now();
    var port_before = held.service_port;
    if (name === "leave") {
      leave();
    } else if (name.charAt(0) === "/") {
      if (is_ready) {
        hear_packet(name, values, now);
      }
    } else if (settings.take(held, name, values)) {
      if (is_ready && held.service_port !== port_before) {
        the_connection.look(held.service_port, now);
      } else if (is_ready && name === "tab") {
        tabs.show(max.patcher(), held.tab);
        make_room(function (stands) {
          return !stands.is_end;
        });
      }
    } else if (is_ready && the_actions.hasOwnProperty(name)) {
      the_actions[name](now);
    }
    if (is_ready) {
      tick();
    }
  }

  function ready() {
    if (is_ready) {
      return;
    }
    is_ready = true;
    the_connection.start(held.service_port, max.now());
    stop_ticking = max.repeat(TICK_MS, function () {
      guarded(tick);
    });
    the_ends = ends.create({ client: the_client, land: land, refusal: version.refusal(), tell: tell });
    selection.start(function () {
      guarded(clip_changed);
    });
    tabs.show(max.patcher(), held.tab);
    tick();
  }

  function leave() {
    if (is_ready) {
      is_ready = false;
      the_client.leave(max.now(), the_connection.reply_port());
      stop_ticking();
      selection.stop();
    }
  }

  return {
    // live.thisdevice: the parameters have sent their values, and Live's objects may be used.
    ready: function () {
      guarded(ready);
    },
    // A message of the patch: a parameter, a button, or a packet that udpreceive took in.
    hear: function (name, values) {
      guarded(function () {
        hear(name, values);
      });
    },
    // The device is taken out of the set: what it asked for is cancelled, and nothing of it goes on. The patch says so
    // by the word `leave` first, and Max later.
    removed: leave
  };
};
