// Time and turns: what is due when, and the low priority queue on which all of Max's js runs, one after the other.

export class Clock {
  /** `real`: timers of the system; else time goes on by advance() alone. */
  constructor(real) {
    this.real = real;
    this.manual_ms = 0;
    this.timers = new Set();
    this.queue = [];
    this.draining = false;
    this.order = 0;
  }

  get now() {
    return this.real ? performance.now() : this.manual_ms;
  }

  /** Calls back once, so many milliseconds from now; gives what cancel() takes. */
  after(ms, callback) {
    const timer = { at: this.now + Math.max(0, ms), order: this.order++, callback };
    this.timers.add(timer);
    if (this.real) timer.handle = setTimeout(() => this.fire(timer), Math.max(0, ms));
    return timer;
  }

  cancel(timer) {
    if (!timer) return;
    clearTimeout(timer.handle);
    this.timers.delete(timer);
  }

  fire(timer) {
    if (!this.timers.delete(timer)) return;
    timer.callback();
    this.drain();
  }

  /** Puts a callback at the end of the low priority queue. */
  low(callback) {
    this.queue.push(callback);
  }

  /** Runs what is queued until nothing is; called at the end of all that comes from outside. */
  drain() {
    if (this.draining) return;
    this.draining = true;
    try {
      for (let turns = 0; this.queue.length; turns++) {
        if (turns > 100000) throw new Error("the low priority queue never ends");
        this.queue.shift()();
      }
    } finally {
      this.draining = false;
    }
  }

  /** Lets manual time go on, and fires what falls due, in its order. */
  advance(ms) {
    const until = this.manual_ms + ms;
    this.drain();
    for (;;) {
      const due = [...this.timers].filter((timer) => timer.at <= until + 1e-9);
      if (!due.length) break;
      const next = due.reduce((a, b) => (b.at < a.at || (b.at === a.at && b.order < a.order) ? b : a));
      this.manual_ms = Math.max(this.manual_ms, next.at);
      this.fire(next);
    }
    this.manual_ms = until;
  }
}
