/** Asking again while the page is looked at. */

export const PAUSE = 600;
export const PAUSE_AFTER_FAILURE = 3_000;
const SHARE_OF_TIME = 4;

/** Runs `work` on demand and, while it says that the answer can still change, again 0.6 s after each end; slower where answers are slow. `fail` says after how many milliseconds to try again, null for never. */
export class Refresher {
  private timer = 0;
  private running = new AbortController();

  constructor(
    private readonly work: (signal: AbortSignal) => Promise<boolean>,
    private readonly fail: (failure: unknown) => number | null,
  ) {
    document.addEventListener("visibilitychange", () => (document.hidden ? this.stop() : this.now()));
  }

  /** Starts over at once; what is still under way is abandoned. */
  now(): void {
    this.stop();
    this.running = new AbortController();
    void this.run(this.running.signal);
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.running.abort();
  }

  private async run(signal: AbortSignal): Promise<void> {
    const pause = await this.attempt(signal);
    if (signal.aborted || pause === null || document.hidden) return;
    this.timer = window.setTimeout(() => void this.run(signal), pause);
  }

  /** The pause until the next attempt in milliseconds, null for none. */
  private async attempt(signal: AbortSignal): Promise<number | null> {
    const began = performance.now();
    try {
      const live = await this.work(signal);
      return live ? Math.max(PAUSE, SHARE_OF_TIME * (performance.now() - began)) : null;
    } catch (failure) {
      return signal.aborted ? null : this.fail(failure);
    }
  }
}
