/**
 * Jobs: what takes longer than a moment, with progress and a way to cancel.
 * @module
 */
import { type BlocktreeError, CancelledError, NodeMovedError } from '../core/bytes/bytes.ts'
import type { ClockPort } from '../port/platform.ts'
import type { Job, JobKind } from './api.ts'
import type { Precedence } from './precedence.ts'

/**
 * A watcher hears of a job's progress no more often than this, since each time a page is laid out anew; and of one that ends
 * sooner nothing.
 */
const reportEveryMs = 250
/** The rate shown is that of about the last so much. */
const rateWindowMs = 3000

/** Moving and giving new keys is work on items, whatever is in them. */
const unitOf: Readonly<Record<JobKind, Job['unit']>> = {
  add: 'bytes',
  move: 'items',
  plant: 'bytes',
  export: 'bytes',
  import: 'bytes',
  purge: 'bytes',
  renew: 'items',
  reseal: 'bytes',
}

/** What a running job reports to and asks. */
export interface JobHandle {
  /** In the unit of the job's kind. */
  advance(done: number): void
  setTotal(total: number): void
  /** Throws once it is to end: CancelledError where somebody has cancelled. Called between steps that can be left half done. */
  check(): void
  /** Between two pieces: lets go first what is over in a moment, and then checks. */
  turn(): Promise<void>
}

/** For work that nobody watches, and that goes on by itself. */
export const unwatched: JobHandle = { advance() {}, setTotal() {}, check() {}, async turn() {} }

export interface JobObserver {
  onJob(job: Job): void
  onJobEnded(id: string): void
}

interface Running {
  job: Job
  readonly begunAtMs: number
  /** Whether the watcher knows of it, and so must hear of its end. */
  isTold: boolean
  /** Why it is to end before it is done. */
  ending: BlocktreeError | null
  result: Promise<unknown>
}

export class Jobs {
  readonly #clock: ClockPort
  readonly #precedence: Precedence
  readonly #observer: JobObserver
  readonly #running = new Map<string, Running>()
  #isWaiting = false

  constructor(clock: ClockPort, precedence: Precedence, observer: JobObserver) {
    this.#clock = clock
    this.#precedence = precedence
    this.#observer = observer
  }

  /** All that run, for a watcher who begins; he will hear of their end. */
  tellAll(): readonly Job[] {
    return [...this.#running.values()].map((running) => {
      running.isTold = true
      return running.job
    })
  }

  /** What a person has already moves in whatever he does: half of it here and half of it there would be no answer to him. */
  cancel(id: string): void {
    const running = this.#running.get(id)
    if (running !== undefined && running.job.kind !== 'plant') running.ending ??= new CancelledError()
  }

  /** The node goes: whoever asked for one asks the next node. */
  stopAll(): void {
    for (const running of this.#running.values()) running.ending ??= new NodeMovedError()
  }

  /** Ends all that run now of some kinds, for a reason that whoever asked for them is told. Resolves when they are over. */
  async end(kinds: readonly JobKind[], reason: BlocktreeError): Promise<void> {
    const ended = [...this.#running.values()].filter(({ job }) => kinds.includes(job.kind))
    for (const running of ended) running.ending ??= reason
    await Promise.allSettled(ended.map(({ result }) => result))
  }

  /** Runs `work` under a request's id. The same request asked again while it runs gets the same answer. */
  run<T>(id: string, kind: JobKind, title: string, total: number, work: (handle: JobHandle) => Promise<T>): Promise<T> {
    const known = this.#running.get(id)
    if (known !== undefined) return known.result as Promise<T>
    const running: Running = {
      job: { id, kind, title, unit: unitOf[kind], done: 0, total, perSecond: 0 },
      begunAtMs: this.#clock.monotonicMs(),
      isTold: false,
      ending: null,
      result: Promise.resolve(),
    }
    this.#running.set(id, running)
    this.#awaitLongOnes()
    const result = work(this.#handleOf(running)).finally(() => {
      this.#running.delete(id)
      if (running.isTold) this.#observer.onJobEnded(id)
    })
    running.result = result
    return result
  }

  /** One timer for all, since most jobs are over before it rings. */
  #awaitLongOnes(): void {
    if (this.#isWaiting) return
    this.#isWaiting = true
    this.#clock.after(reportEveryMs, () => {
      this.#isWaiting = false
      const untold = [...this.#running.values()].filter(({ isTold }) => !isTold)
      for (const running of untold)
        if (this.#clock.monotonicMs() - running.begunAtMs >= reportEveryMs) this.#tell(running)
      if (untold.some(({ isTold }) => !isTold)) this.#awaitLongOnes()
    })
  }

  #tell(running: Running): void {
    running.isTold = true
    this.#observer.onJob(running.job)
  }

  #handleOf(running: Running): JobHandle {
    const check = (): void => {
      if (running.ending !== null) throw running.ending
    }
    let reportedAtMs = this.#clock.monotonicMs()
    let window = { sinceMs: reportedAtMs, since: 0 }
    return {
      advance: (done) => {
        const nowMs = this.#clock.monotonicMs()
        running.job = { ...running.job, done }
        if (nowMs - reportedAtMs < reportEveryMs) return
        const perSecond = Math.round(((done - window.since) * 1000) / Math.max(1, nowMs - window.sinceMs))
        running.job = { ...running.job, perSecond }
        reportedAtMs = nowMs
        if (nowMs - window.sinceMs > rateWindowMs) window = { sinceMs: nowMs, since: done }
        this.#tell(running)
      },
      setTotal: (total) => {
        running.job = { ...running.job, total }
      },
      check,
      turn: () => this.#precedence.turn().then(check),
    }
  }
}
