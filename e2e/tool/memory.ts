/**
 * How much memory a browser takes, all its processes together.
 * @module
 */
import { readFile, readdir } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'

/** Octets by kind of process, such as `renderer`; the browser itself is `browser`. */
export type Memory = ReadonlyMap<string, number>

/**
 * Proportional set size: what is shared is divided by those who share it, so that the sum over processes counts it once.
 * Linux only.
 * @param processId of the browser itself; all its processes are in its group
 */
export async function memoryOf(processId: number): Promise<Memory> {
  const memory = new Map<string, number>()
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    // A process may end while it is being looked at.
    const read = (file: string): Promise<string> => readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '')
    const stat = await read('stat')
    // Behind the name in brackets, which may hold anything: state, parent, group.
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) !== processId) continue
    const [, kind = 'browser'] = /--(?:utility-sub-)?type=([\w.-]+)/.exec(await read('cmdline')) ?? []
    const [, pssKiB = 0] = /^Pss:\s+(\d+) kB/m.exec(await read('smaps_rollup')) ?? []
    memory.set(kind, (memory.get(kind) ?? 0) + 1024 * Number(pssKiB))
  }
  return memory
}

export const sumOf = (memory: Memory): number => [...memory.values()].reduce((sum, sizeBytes) => sum + sizeBytes, 0)

/** Looks again and again until it is stopped. */
export class MemoryWatch {
  peak: Memory = new Map()
  lookCount = 0
  #isOver = false
  readonly #looking: Promise<void>

  /** @param pauseMs between two looks, each of which takes some of the time of the processes looked at */
  constructor(processId: number, pauseMs = 0) {
    this.#looking = this.#look(processId, pauseMs)
  }
  async #look(processId: number, pauseMs: number): Promise<void> {
    while (!this.#isOver) {
      const memory = await memoryOf(processId)
      if (sumOf(memory) > sumOf(this.peak)) this.peak = memory
      this.lookCount++
      if (pauseMs > 0) await setTimeout(pauseMs)
    }
  }
  /** @returns what was seen when the sum was highest */
  async stop(): Promise<Memory> {
    this.#isOver = true
    await this.#looking
    return this.peak
  }
}
