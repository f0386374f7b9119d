/**
 * The store over a simulated disk, with everything that a browser's database may do to its user.
 *
 * Writes take effect one after the other, each after a latency; reads do not wait for them. Beyond that the faults: the process
 * dies just before or just after a write takes effect, there is no room, the browser closes the database, a newer opening of the
 * same disk takes over, a row no longer opens because a bit of it flipped. As in the real store (`edge/store`), no write follows
 * a failed one that the memory of the node is ahead of.
 * @module
 */
import {
  type Bytes,
  StoreClosedError,
  StoreDamagedError,
  StoreFullError,
  StoreSupersededError,
  copy,
} from '../core/bytes/bytes.ts'
import {
  type Change,
  type Durability,
  type Row,
  type StorePort,
  type Table,
  bringsObjects,
  isAhead,
} from '../port/store.ts'
import type { Disk } from './disk.ts'
import type { Process } from './process.ts'
import type { Random } from './random.ts'
import type { Trace } from './trace.ts'

/** What objects leave: the real store keeps as much as it needs, and here disks are of all sizes. */
const keptFreeBytes = (quotaBytes: number): number => Math.min(8 * 2 ** 20, Math.floor(quotaBytes / 16))

/** What goes wrong with one opening of the store; set from outside while it runs. */
export interface StoreFaults {
  /** 1: a healthy disk. */
  slowness: number
  /** The process dies at this write, counted from now on (0: the next), before or after it takes effect. */
  crash: { writeCount: number; readonly when: 'before' | 'after' } | null
  /** How likely a write that needs room finds none, even below the quota. */
  fullChance: number
}

export interface StoreEvents {
  onCrash(when: 'before' | 'after'): void
  onFull(): void
  onSuperseded(): void
}

interface Queued {
  readonly changes: readonly Change[]
  readonly durability: Durability
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

const latencyMs = { strict: [2, 25], relaxed: [0, 3], noted: [0, 3], read: [0, 1] } as const

export class SimStore implements StorePort {
  readonly closed: Promise<Error>
  readonly faults: StoreFaults = { slowness: 1, crash: null, fullChance: 0 }
  readonly #disk: Disk
  readonly #process: Process
  readonly #random: Random
  readonly #trace: Trace
  readonly #events: StoreEvents
  readonly #epoch: number
  readonly #queue: Queued[] = []
  #isServing = false
  #reason: Error | null = null
  #resolveClosed: (reason: Error) => void = () => {}

  /** Opens the disk for writing; from here on every other opening is refused. */
  constructor(disk: Disk, process: Process, random: Random, trace: Trace, events: StoreEvents) {
    this.#disk = disk
    this.#process = process
    this.#random = random
    this.#trace = trace
    this.#events = events
    this.#epoch = ++disk.epoch
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve))
    process.onKill(() => this.#die())
  }

  write(changes: readonly Change[], durability: Durability): Promise<void> {
    // What the caller does to its buffers afterwards is its own affair.
    const own = changes.map((change) =>
      change.kind === 'put' ? { ...change, key: copy(change.key), value: copy(change.value) } : change,
    )
    return new Promise((resolve, reject) => {
      if (!this.#process.isAlive) return
      this.#queue.push({ changes: own, durability, resolve, reject })
      this.#serve()
    })
  }

  read(table: Table, key: Bytes): Promise<Bytes | null> {
    return this.#reading(() => this.#valueOf(table, key))
  }

  readMany(table: Table, keys: readonly Bytes[]): Promise<readonly (Bytes | null)[]> {
    return this.#reading(() => keys.map((key) => this.#valueOf(table, key)))
  }

  scan(table: Table, prefix: Bytes, countMax: number, after?: Bytes): Promise<readonly Row[]> {
    return this.#reading(() => {
      const found: Row[] = []
      if (countMax === 0) return found
      for (const { key } of this.#disk.rows(table, prefix, after)) {
        found.push({ key: copy(key), value: this.#valueOf(table, key)! })
        if (found.length === countMax) break
      }
      return found
    })
  }

  usage(): Promise<{ readonly usedBytes: number; readonly quotaBytes: number }> {
    return this.#reading(() => ({ usedBytes: this.#disk.usedBytes, quotaBytes: this.#disk.quotaBytes }))
  }

  /** The browser closes the database, or the node does; some of what is under way may still get through. */
  close(): void {
    if (this.#reason !== null) return
    this.#loseQueue()
    this.#closeFor(new StoreClosedError())
  }

  #serve(): void {
    if (this.#isServing || this.#queue.length === 0) return
    this.#isServing = true
    this.#process.scheduler.after(this.#latencyMs(this.#queue[0]!.durability), () => {
      this.#isServing = false
      const write = this.#queue.shift()
      if (write === undefined || !this.#process.isAlive) return
      this.#perform(write)
      this.#serve()
    })
  }

  #perform(write: Queued): void {
    const refusal = this.#refusalOf(write)
    if (refusal !== null) return this.#settle(() => write.reject(refusal))
    const crash = this.#crashNow()
    if (crash === 'before') {
      // What comes later in the queue can not be on the medium when this is not.
      this.#queue.length = 0
      return this.#crash(crash)
    }
    this.#apply(write)
    if (crash === 'after') return this.#crash(crash)
    this.#settle(write.resolve)
  }

  #refusalOf({ changes, durability }: Queued): Error | null {
    if (this.#reason !== null) return afterwards(this.#reason)
    if (this.#epoch !== this.#disk.epoch) {
      this.#events.onSuperseded()
      this.#closeFor(new StoreSupersededError())
      return new StoreSupersededError()
    }
    const growthBytes = this.#disk.growthOf(changes)
    const { usedBytes, quotaBytes } = this.#disk
    const roomBytes = bringsObjects(changes) ? quotaBytes - keptFreeBytes(quotaBytes) : quotaBytes
    const isFull = usedBytes + growthBytes > roomBytes || this.#random.chance(this.faults.fullChance)
    if (growthBytes <= 0 || !isFull) return null
    this.#events.onFull()
    this.#trace.tell(this.#process.scheduler.nowMs, `disk: no room for ${describe(changes)}`)
    if (isAhead(changes, durability)) this.#closeFor(new StoreFullError())
    return new StoreFullError()
  }

  #crashNow(): 'before' | 'after' | null {
    const { crash } = this.faults
    if (crash === null || crash.writeCount-- > 0) return null
    this.faults.crash = null
    return crash.when
  }

  #crash(when: 'before' | 'after'): void {
    this.#trace.tell(this.#process.scheduler.nowMs, `disk: the process dies just ${when} this write takes effect`)
    this.#events.onCrash(when)
    this.#process.kill()
  }

  #apply({ changes, durability }: Queued): void {
    this.#disk.apply(changes, durability)
    const { nowMs } = this.#process.scheduler
    this.#trace.tell(nowMs, `disk: ${durability} ${describe(changes)}`)
    for (const change of changes) {
      this.#trace.note(nowMs, change.kind, change.kind === 'deleteAll' ? change.prefix : change.key)
      if (change.kind === 'put') this.#trace.note(nowMs, change.table, change.value)
    }
  }

  #die(): void {
    if (this.#reason === null) this.#loseQueue()
  }

  /** Of what is under way the medium gets a beginning: all of it, some, or nothing. */
  #loseQueue(): void {
    const lost = this.#queue.splice(0)
    if (this.#epoch === this.#disk.epoch)
      for (const write of lost.slice(0, this.#random.below(lost.length + 1))) this.#apply(write)
    for (const { reject } of lost) this.#settle(() => reject(new StoreClosedError()))
  }

  #closeFor(reason: Error): void {
    this.#reason = reason
    this.#settle(() => this.#resolveClosed(reason))
  }

  #reading<T>(read: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#process.post(this.#latencyMs('read'), () => {
        if (this.#reason !== null && !(this.#reason instanceof StoreSupersededError))
          return reject(new StoreClosedError())
        try {
          resolve(read())
        } catch (error) {
          reject(error as Error)
        }
      })
    })
  }

  #valueOf(table: Table, key: Bytes): Bytes | null {
    const row = this.#disk.get(table, key)
    if (row === null) return null
    // Objects are ciphertext under their own hash, which is for the reader to check; all other rows are sealed at rest.
    if (row.isDamaged && table !== 'object')
      throw new StoreDamagedError(`a record of the table "${table}" does not open`)
    return copy(row.value)
  }

  #settle(run: () => void): void {
    this.#process.post(0, run)
  }

  #latencyMs(kind: Durability | 'read'): number {
    const [low, high] = latencyMs[kind]
    return this.#random.between(low, high) * this.faults.slowness
  }
}

/** A full disk is the reason of one refusal; that nothing is written any more is the reason of all later ones. */
const afterwards = (reason: Error): Error => (reason instanceof StoreSupersededError ? reason : new StoreClosedError())

function describe(changes: readonly Change[]): string {
  const counts = new Map<string, number>()
  for (const { kind, table } of changes) counts.set(`${kind} ${table}`, (counts.get(`${kind} ${table}`) ?? 0) + 1)
  return [...counts].map(([what, count]) => (count === 1 ? what : `${what} ×${count}`)).join(', ')
}
