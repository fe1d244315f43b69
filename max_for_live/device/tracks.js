// The Retone track of a source track: found again, or made beside it, sounding as the source's sounds.

var live = require("./live");
var words = require("./words");

var SUFFIX = words.DOT + "Retone";
var SAME = 0.001;

var made_for = {}; // ids of the tracks made for a source track, by its id: they may be renamed

function set() {
  return live.root("live_set");
}

exports.all = function () {
  return live.children(set(), "tracks");
};

// A result that is edited again stays with its kind.
function name_for(source_name) {
  var ends = source_name.lastIndexOf(SUFFIX);
  var is_ours = ends > 0 && ends === source_name.length - SUFFIX.length;
  return is_ours ? source_name : source_name + SUFFIX;
}

// The source track that a track was made for; the track itself where it was not made here.
function owner(track) {
  for (var source in made_for) {
    if (made_for[source].indexOf(track) >= 0) {
      return Number(source);
    }
  }
  return track;
}

// The tracks that take results of the plan's source track, from left to right: {tracks: [ids], frozen: number}.
exports.find = function (plan) {
  var found = { tracks: [], frozen: 0 };
  var all = exports.all();
  var name = name_for(plan.track_name);
  var source = owner(plan.track);
  for (var index = 0; index < all.length; index += 1) {
    var track = all[index];
    var is_named = live.text(track, "name") === name && owner(track) === track;
    if (is_named || (track !== source && owner(track) === source)) {
      if (live.flag(track, "is_frozen")) {
        found.frozen += 1;
      } else if (live.flag(track, "has_audio_input") && !live.flag(track, "is_foldable")) {
        found.tracks.push(track);
      }
    }
  }
  return found;
};

// Where a new track goes: {index (-1: at the end), group (id, 0 for none)}. `beside`: the last of the source's tracks.
function place(beside) {
  var all = exports.all();
  var at = all.indexOf(beside);
  if (at < 0) {
    return { index: -1, group: 0 };
  }
  var group = live.child(beside, "group_track");
  // Behind the last track of a group a new one would lie outside; before a track of the group it lies inside.
  var is_last = group !== 0 && (at + 1 >= all.length || live.child(all[at + 1], "group_track") !== group);
  return { index: is_last ? at : at + 1, group: group };
}

function create(index) {
  var before = exports.all();
  var view = live.root("live_set view");
  var selected = live.child(view, "selected_track");
  live.call(set(), "create_audio_track", index);
  // Live selects a new track, and the device would be out of sight.
  if (selected !== 0 && live.child(view, "selected_track") !== selected) {
    live.choose(view, "selected_track", selected);
  }
  var after = exports.all();
  for (var at = 0; at < after.length; at += 1) {
    if (before.indexOf(after[at]) < 0) {
      return after[at];
    }
  }
  return 0;
}

// The choice among `available` that is the same as `wanted`, by its identifier or else by its name.
function same_choice(available, wanted) {
  var by_name = null;
  for (var index = 0; index < available.length; index += 1) {
    if (String(available[index].identifier) === String(wanted.identifier)) {
      return available[index];
    }
    if (available[index].display_name === wanted.display_name) {
      by_name = by_name || available[index];
    }
  }
  return by_name;
}

function is_routed(wanted, now) {
  return wanted !== null && now !== null && wanted.display_name === now.display_name;
}

// Gives `track` the source's routing called `name`, one of the `available`; whether it has it.
function route(source, track, name, available) {
  var wanted = live.dictionary(source, name);
  if (is_routed(wanted, live.dictionary(track, name))) {
    return true;
  }
  var choice = wanted && same_choice(live.dictionary(track, available) || [], wanted);
  if (choice) {
    live.set(track, name, choice);
  }
  return is_routed(wanted, live.dictionary(track, name));
}

// The channels on offer depend on the type, so that goes first.
function put_out(source, track, refused) {
  if (!route(source, track, "output_routing_type", "available_output_routing_types")) {
    refused("the output");
  } else if (!route(source, track, "output_routing_channel", "available_output_routing_channels")) {
    refused("the output's channel");
  }
}

function copy_value(from, to, what, refused) {
  if (from === 0 || to === 0 || !live.put(to, "value", live.number(from, "value"), SAME)) {
    refused(what);
  }
}

function mix(source, track, refused) {
  var from = live.child(source, "mixer_device");
  var to = live.child(track, "mixer_device");
  copy_value(live.child(from, "volume"), live.child(to, "volume"), "the volume", refused);
  if (!live.put(to, "panning_mode", live.number(from, "panning_mode"))) {
    refused("the panning mode");
  }
  if (live.number(from, "panning_mode") === 1) {
    copy_value(live.child(from, "left_split_stereo"), live.child(to, "left_split_stereo"), "the panning", refused);
    copy_value(live.child(from, "right_split_stereo"), live.child(to, "right_split_stereo"), "the panning", refused);
  } else {
    copy_value(live.child(from, "panning"), live.child(to, "panning"), "the panning", refused);
  }
  if (!live.put(to, "crossfade_assign", live.number(from, "crossfade_assign"))) {
    refused("the crossfader's side");
  }
  var sends = live.children(from, "sends");
  var own = live.children(to, "sends");
  for (var index = 0; index < sends.length; index += 1) {
    copy_value(sends[index], own[index] || 0, "the sends", refused);
  }
}

// A new Retone track for the plan, named, coloured and sounding as its source; calls refused(what) for what Live did
// not take. At the end where the source's track is gone. Its id, or 0 where Live made none.
exports.make = function (plan, refused) {
  var source = exports.all().indexOf(plan.track) >= 0 ? plan.track : 0;
  var existing = exports.find(plan).tracks;
  var beside = source && existing.length > 0 ? existing[existing.length - 1] : source;
  var where = place(beside);
  var track = create(where.index);
  if (track === 0) {
    return 0;
  }
  made_for[owner(plan.track)] = (made_for[owner(plan.track)] || []).concat([track]);
  if (!live.put_text(track, "name", name_for(plan.track_name))) {
    refused("the track's name");
  }
  if (source) {
    if (!live.put(track, "color", live.number(source, "color"))) {
      refused("the track's colour");
    }
    if (live.child(track, "group_track") !== where.group) {
      refused(where.group === 0 ? "the place outside of groups" : "the place in the source's group");
    }
    put_out(source, track, refused);
    mix(source, track, refused);
  }
  return track;
};

// Mutes the source's track, unless the result lies on it, too; whether it is muted.
exports.mute = function (plan, landed_on) {
  if (landed_on.indexOf(plan.track) >= 0 || exports.all().indexOf(plan.track) < 0) {
    return false;
  }
  return live.put(plan.track, "mute", 1);
};

exports.name = function (track) {
  return live.text(track, "name");
};
