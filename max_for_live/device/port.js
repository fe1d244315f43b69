// The port that answers come to. Max does not say whether a port is ours: we send ourselves a packet and see whether it
// comes back; else the next port is tried. No service is needed for that.

var names = require("./names");

var FIRST = 9131;
var LAST = 9230;
// Several devices in one set begin at different ports, so that they seldom meet.
var SPREAD = 50;
var WAIT_MS = 500;

exports.NONE_FREE = "No UDP port from " + FIRST + " to " + LAST + " brings answers to this device: a firewall may "
  + "stand between Live and itself. Allow Live in it.";

// `max`: {listen(port) moves udpreceive, say_to(port, message) sends to a port of this machine, chance()}.
exports.create = function (max) {
  var port = FIRST + Math.floor(max.chance() * SPREAD);
  var nonce = "";
  var is_ours = false;
  var tried = 0;
  var next_at;

  function attempt(now) {
    nonce = names.nonce(max.chance);
    max.listen(port);
    max.say_to(port, ["/retone/here", nonce]);
    next_at = now + WAIT_MS;
  }

  return {
    // Tries the port, the same again when it was ours before. `now` is in milliseconds, here and below.
    start: function (now) {
      is_ours = false;
      tried = 0;
      attempt(now);
    },
    // Takes in a packet /retone/here. True when it shows that the port is ours.
    hear: function (said) {
      if (is_ours || said !== nonce) {
        return false;
      }
      is_ours = true;
      return true;
    },
    tick: function (now) {
      if (!is_ours && now >= next_at) {
        tried += 1;
        port = port === LAST ? FIRST : port + 1;
        attempt(now);
      }
    },
    // The port, or 0 while none is ours.
    number: function () {
      return is_ours ? port : 0;
    },
    // Why there is none, as soon as all were tried; else "".
    trouble: function () {
      return !is_ours && tried > LAST - FIRST ? exports.NONE_FREE : "";
    }
  };
};
