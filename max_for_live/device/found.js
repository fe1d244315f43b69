// The directions that were found, by the very region of the clip: what the knobs are called, and what the search was
// made with, so that a steer finds the same ones.

var REMEMBERED = 30;

function number(value, digits) {
  return value.toFixed(digits);
}

// "34 %  0.5-2.0 s  100-2000 Hz" of an event of replies.js: its part of what may vary, where it acts (seconds of the
// region), and on which frequencies.
exports.label = function (direction, plan) {
  var start = (direction.start - plan.region_start) / plan.rate;
  var end = start + direction.frames / plan.rate;
  return [
    number(100 * direction.share, 0) + " %",
    number(start, 1) + "-" + number(end, 1) + " s",
    number(direction.low_hz, 0) + "-" + number(direction.high_hz, 0) + " Hz"
  ].join("  ");
};

// Another model has other directions.
function key(plan, held) {
  return JSON.stringify([plan.path, plan.region_start, plan.region_frames, held.model]);
}

exports.create = function () {
  var found = []; // {key, searched, labels, is_done}, the newest last

  // The last search of the plan's region for which is_it(search).
  function last(plan, held, is_it) {
    var own = key(plan, held);
    var place;
    for (place = found.length - 1; place >= 0; place -= 1) {
      if (found[place].key === own && is_it(found[place])) {
        return found[place];
      }
    }
    return null;
  }

  return {
    // A search of `plan` began, with what is held now; gives what is kept of it, to put the labels of directions into.
    begin: function (plan, held) {
      var searched = { count: held.count, noise_level: held.noise_level, seed: held.seed };
      var one = { key: key(plan, held), searched: searched, labels: [], is_done: false };
      found.push(one);
      if (found.length > REMEMBERED) {
        found.shift();
      }
      return one;
    },
    // The settings for a steer: those held, with what the last search of this region was made with, if there was one.
    settings: function (plan, held) {
      var one = last(plan, held, function (each) {
        return each.is_done;
      });
      var settings = {};
      var name;
      for (name in held) {
        if (held.hasOwnProperty(name)) {
          settings[name] = one && one.searched.hasOwnProperty(name) ? one.searched[name] : held[name];
        }
      }
      return settings;
    },
    // What the knobs are called for this region: texts, in the directions' order.
    labels: function (plan, held) {
      var one = last(plan, held, function (each) {
        return each.labels.length > 0;
      });
      return one ? one.labels : [];
    }
  };
};
