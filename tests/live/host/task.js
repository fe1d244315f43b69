// Max's Task: a function that runs later, or again and again, and only when the low priority queue comes to it.

export function task_class(script) {
  const { clock } = script.host;

  return class Task {
    #timer = null;

    constructor(callback, object, ...given) {
      if (typeof callback !== "function") throw new script.global.TypeError("Task wants a function");
      this.function = callback;
      this.object = object ?? script.global;
      this.arguments = given.flat();
      this.interval = 500;
      this.running = 0;
      this.iterations = 0;
      script.tasks.add(this);
    }

    // What was scheduled before and waits in the queue does not run any more once it is cancelled.
    #later(ms, times) {
      const timer = clock.after(ms, () => clock.low(() => this.#timer === timer && this.#run(times)));
      this.#timer = timer;
    }

    #run(times) {
      this.iterations++;
      if (times === 1) this.running = 0;
      else this.#later(this.interval, times - 1);
      this.execute();
    }

    execute() {
      script.run(() => this.function.apply(this.object, this.arguments));
    }

    schedule(ms = 0) {
      this.cancel();
      this.running = 1;
      this.#later(ms, 1);
    }

    repeat(times = -1, first_ms = 0) {
      this.cancel();
      this.running = 1;
      this.iterations = 0;
      this.#later(first_ms, times < 0 ? Infinity : times);
    }

    cancel() {
      clock.cancel(this.#timer);
      this.#timer = null;
      this.running = 0;
    }

    freepeer() {
      this.cancel();
    }
  };
}
