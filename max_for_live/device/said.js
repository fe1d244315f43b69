// What the status line was last told to say. The answer to a press stands at once, and goes when it was read. How jobs
// ended is told in turn, each for as long as it takes to read, and in Max's window, where nothing is lost.

// So long an answer stands.
var ANSWER_MS = 6000;
// So long an end stands while others wait.
var READ_MS = 3000;
// More than so many would be told when nobody remembers what they are about.
var MOST_WAITING = 4;

// `note(text)` writes to Max's window; all times are milliseconds.
exports.create = function (note) {
  var stands = null; // {text, at, is_end}
  var waiting = []; // texts

  return {
    answer: function (text, now) {
      stands = { text: text, at: now, is_end: false };
    },
    tell: function (text, now) {
      note(text);
      if (waiting.length === 0 && stands !== null && stands.text === text) {
        stands.at = now;
      } else if (waiting[waiting.length - 1] !== text) {
        waiting.push(text);
      }
      if (waiting.length > MOST_WAITING) {
        waiting.shift();
      }
    },
    // What stands was about something else.
    forget: function () {
      stands = null;
    },
    // {text, at: since when it stands, is_end: how a job ended}, or null.
    current: function (now) {
      if (waiting.length > 0 && (stands === null || now >= stands.at + READ_MS)) {
        stands = { text: waiting.shift(), at: now, is_end: true };
      } else if (stands !== null && !stands.is_end && now >= stands.at + ANSWER_MS) {
        stands = null;
      }
      return stands;
    }
  };
};
