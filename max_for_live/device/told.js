// What a landing is told as: where its clips are, and what Live did not take.

var tracks = require("./tracks");

function list(words) {
  return words.length < 2 ? words.join("") : words.slice(0, -1).join(", ") + " and " + words[words.length - 1];
}

function unlike(values) {
  return values.filter(function (value, index) {
    return values.indexOf(value) === index;
  });
}

// "On track 'Drums · Retone', scenes 3 and 4."
function place(state, there) {
  var on = unlike(
    there.map(function (one) {
      return one.track;
    })
  );
  var name = "'" + tracks.name(on[0]) + "'";
  var text = on.length === 1 ? "On track " + name : "On " + on.length + " tracks named " + name;
  if (state.plan.is_arrangement) {
    return text + ", at the clip's place.";
  }
  var scenes = there.map(function (one) {
    return one.scene + 1;
  });
  return text + ", scene" + (scenes.length > 1 ? "s " : " ") + list(unlike(scenes)) + ".";
}

// What has landed and was not taken away since.
exports.there = function (state) {
  return state.landed.filter(function (one) {
    return !one.is_gone;
  });
};

// One text of sentences for a landing's state; `fault`: what was thrown, if anything was.
exports.sentence = function (state, fault) {
  var said = [];
  var missing = state.not_landed.length;
  var count = missing + state.landed.length;
  var there = exports.there(state);
  if (there.length > 0) {
    said.push(place(state, there));
  }
  if (missing > 0) {
    said.push(count > 1 ? "Live did not take " + missing + " of " + count + " files." : "Live did not take the file.");
  }
  if (fault) {
    said.push("The landing broke off (" + fault + ").");
  }
  said = said.concat(state.notes);
  if (state.refusals.length > 0) {
    said.push("Live did not take " + list(state.refusals) + ".");
  }
  return said.join(" ");
};
