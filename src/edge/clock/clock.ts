/**
 * The clock port: the device's own clocks and timers.
 * @module
 */
import type { ClockPort } from '../../port/platform.ts'

/** The longest delay that a browser's timer takes; a longer one would fire at once. */
const timerDelayMsMax = 2 ** 31 - 1

export function createClock(): ClockPort {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after(delayMs, callback) {
      let timer: ReturnType<typeof setTimeout>
      const wait = (restMs: number): void => {
        const stepMs = Math.min(restMs, timerDelayMsMax)
        timer = setTimeout(() => (restMs > stepMs ? wait(restMs - stepMs) : callback()), stepMs)
      }
      wait(Math.max(0, delayMs))
      return () => clearTimeout(timer)
    },
  }
}
