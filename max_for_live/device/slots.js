// Room in the Session: a free slot of a track at the source's scene, or below it.

var live = require("./live");

function scenes() {
  return live.children(live.root("live_set"), "scenes");
}

// The plan's scene as an index from 0; where it was removed meanwhile, the last one above its old place.
exports.scene = function (plan) {
  var all = scenes();
  var index = all.indexOf(plan.scene_id);
  return index >= 0 ? index : Math.max(0, Math.min(plan.scene, all.length - 1));
};

// The first free slot of the track from this scene downward: {slot (id), scene}, or null.
exports.free = function (track, scene) {
  var slots = live.children(track, "clip_slots");
  for (var index = scene; index < slots.length; index += 1) {
    if (!live.flag(slots[index], "has_clip") && !live.flag(slots[index], "is_group_slot")) {
      return { slot: slots[index], scene: index };
    }
  }
  return null;
};

// The same, in a new scene at the end where there is none; null where Live makes no further scene.
exports.find = function (track, scene) {
  var found = exports.free(track, scene);
  if (found === null) {
    live.call(live.root("live_set"), "create_scene", -1);
    found = exports.free(track, scene);
  }
  return found;
};

// Puts a file into an empty slot; the new clip's id, or 0 where Live refused.
exports.insert = function (slot, path) {
  live.call(slot, "create_audio_clip", path);
  if (/\s/.test(path) && !live.flag(slot, "has_clip")) {
    live.call(slot, "create_audio_clip", live.quoted(path));
  }
  return live.flag(slot, "has_clip") ? live.child(slot, "clip") : 0;
};

// Takes a clip that we put there out of its slot again, unless somebody did, or put another there; whether it is gone.
exports.clear = function (slot, clip) {
  if (live.child(slot, "clip") === clip) {
    live.call(slot, "delete_clip");
  }
  return live.path(clip) === "";
};
