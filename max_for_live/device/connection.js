// The way to the service and back: first a port of ours for its answers, then the service itself.

var port = require("./port");
var service = require("./service");

// `parts`: {to_service(message), listen(port) moves udpreceive, say_to(port, message) sends to a port of this machine,
// chance()}. All times are milliseconds.
exports.create = function (parts) {
  var the_port = port.create(parts);
  var the_service = service.create(parts.to_service);
  var reply_port = 0;
  var service_port = 0;
  var was_gone = false;

  // Looks for the service at this port, as soon as there is a port for answers.
  function look(at, now) {
    service_port = at;
    parts.to_service(["port", at]);
    if (reply_port > 0) {
      the_service.start(at, reply_port, now);
    }
  }

  return {
    port: the_port,
    service: the_service,
    look: look,
    // The port for answers, or 0 while there was none yet.
    reply_port: function () {
      return reply_port;
    },
    // Begins, with the service's port.
    start: function (at, now) {
      service_port = at;
      the_port.start(now);
    },
    // Takes in a packet that we sent ourselves.
    hear_itself: function (nonce, now) {
      if (the_port.hear(nonce) && the_port.number() !== reply_port) {
        reply_port = the_port.number();
        look(service_port, now);
      }
    },
    tick: function (now, is_busy) {
      the_port.tick(now);
      if (reply_port === 0) {
        return;
      }
      the_service.tick(now, is_busy);
      if (the_service.is_gone() && !was_gone) {
        the_port.start(now); // It may be our port that nothing comes through any more.
      }
      was_gone = the_service.is_gone();
    }
  };
};
