// The end of a job's way: its files as clips on the Retone track of their source, never over anything that is there.

var arrangement = require("./arrangement");
var clips = require("./clips");
var live = require("./live");
var region = require("./region");
var slots = require("./slots");
var told = require("./told");
var tracks = require("./tracks");

function note(list, text) {
  if (list.indexOf(text) < 0) {
    list.push(text);
  }
}

// What has become of a landing so far, of which told.sentence makes a sentence. `refused(what)` notes what Live did not
// take; `guarded(work)` is `work` that, where it throws, breaks the landing off with a sentence instead of hanging.
function begin(plan, files, on_end) {
  var has_ended = false;
  var state = { plan: plan, landed: [], not_landed: [], refusals: [], notes: [] };

  state.refused = function (what) {
    note(state.refusals, what);
  };

  // The file whose turn it is, undefined behind the last one.
  state.file = function () {
    return files[state.landed.length + state.not_landed.length];
  };

  state.end = function (fault) {
    if (!has_ended) {
      has_ended = true;
      on_end({
        landed: told.there(state).length,
        not_landed: state.not_landed,
        sentence: told.sentence(state, fault)
      });
    }
  };

  state.guarded = function (work) {
    return function () {
      try {
        return has_ended ? undefined : work.apply(null, arguments);
      } catch (fault) {
        post("Retone: landing: " + fault + "\n");
        while (state.file() !== undefined) {
          state.not_landed.push(state.file().path);
        }
        state.end(fault);
        return undefined;
      }
    };
  };
  return state;
}

// The first of the source's Retone tracks where `find(track)` finds room, or a new one: {track, room: what it found},
// or null.
function find_room(state, find) {
  var found = tracks.find(state.plan);
  if (found.frozen > 0) {
    note(state.notes, "A frozen track takes no clip, so another one was used.");
  }
  for (var index = 0; index < found.tracks.length; index += 1) {
    var room = find(found.tracks[index]);
    if (room) {
      return { track: found.tracks[index], room: room };
    }
  }
  var track = tracks.make(state.plan, state.refused);
  if (track === 0) {
    note(state.notes, "Live made no track; its edition may allow no more.");
    return null;
  }
  var on_new = find(track);
  return on_new ? { track: track, room: on_new } : null;
}

// Whether the user took a clip away while it was dressed.
function is_gone(state, clip) {
  if (live.path(clip) !== "") {
    return false;
  }
  note(state.notes, "A clip was taken away while it landed.");
  state.refusals = []; // of what Live could not do to it
  return true;
}

// Lands one file in the Session; then() comes when it is dressed, or did not land.
function land_in_slot(state, file, then) {
  var scene = slots.scene(state.plan);
  var place = find_room(state, function (track) {
    return slots.find(track, scene);
  });
  var clip = place ? slots.insert(place.room.slot, file.path) : 0;
  if (clip === 0) {
    state.not_landed.push(file.path);
    then();
  } else {
    var one = { track: place.track, scene: place.room.scene, is_gone: false };
    state.landed.push(one);
    clips.dress(clip, file.label, null, state, function () {
      one.is_gone = is_gone(state, clip);
      then();
    });
  }
}

// Copies a dressed clip to each of the pieces that the source plays; whether all are there.
function copy_pieces(state, clip, track, pieces) {
  var plan = state.plan;
  for (var index = 0; index < pieces.length; index += 1) {
    var end = index + 1 < pieces.length ? pieces[index + 1].position : plan.end_time;
    clips.play_once(clip, pieces[index], state);
    var copy = arrangement.copy(track, clip, pieces[index].position);
    if (copy === 0) {
      state.refused(pieces.length > 1 ? "repetition " + (index + 1) : "the copy");
      return index > 0;
    }
    if (!arrangement.lies(copy, pieces[index].position, end)) {
      state.refused("the clip's place (check where it starts and ends)");
    }
  }
  return true;
}

// Lands one file in the Arrangement, a clip a repetition; then() comes when they lie there, or did not land.
function land_in_arrangement(state, file, then) {
  var plan = state.plan;
  var pieces = region.repetitions(plan);

  function is_free(track) {
    return arrangement.is_free(track, plan.start_time, plan.end_time);
  }

  var place = find_room(state, function (track) {
    return is_free(track) ? slots.free(track, 0) : null;
  });
  var clip = place ? slots.insert(place.room.slot, file.path) : 0;
  if (clip === 0) {
    state.not_landed.push(file.path);
    then();
    return;
  }
  clips.dress(clip, file.label, pieces[0], state, function () {
    // Somebody may have put something there meanwhile; then it is another track.
    var target = is_gone(state, clip) ? null : find_room(state, is_free);
    if (target && copy_pieces(state, clip, target.track, pieces)) {
      state.landed.push({ track: target.track });
    } else {
      state.not_landed.push(file.path);
    }
    if (!slots.clear(place.room.slot, clip)) {
      note(state.notes, "A copy was left in scene " + (place.room.scene + 1) + "; delete it.");
    }
    then();
  });
}

// Lands a job's `files` ([{path, label}]) as `plan` (of source.js) says; options: {mute_source}. Calls
// on_end({landed: number, not_landed: [paths], sentence}) once, perhaps at once.
exports.land = function (plan, files, options, on_end) {
  var state = begin(plan, files, on_end);

  function mute_source() {
    var is_on = state.landed.map(function (one) {
      return one.track;
    });
    if (is_on.length > 0 && !tracks.mute(plan, is_on)) {
      note(state.notes, "'" + plan.track_name + "' is not muted.");
    }
  }

  var next = state.guarded(function () {
    var file = state.file();
    if (file !== undefined) {
      (plan.is_arrangement ? land_in_arrangement : land_in_slot)(state, file, next);
      return;
    }
    if (options.mute_source) {
      mute_source();
    }
    state.end();
  });

  state.guarded(function () {
    if (tracks.all().indexOf(plan.track) < 0) {
      note(state.notes, "The track '" + plan.track_name + "' is gone.");
    }
    next();
  })();
};
