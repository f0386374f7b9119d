/**
 * The bars of crashes: one at every storage transaction of five workloads, on both sides of it.
 * @module
 */
import { availableParallelism } from 'node:os'
import type { CrashTotals } from '../../sim/crash/main.ts'
import { type Bar, type Proof, runProgram, unmeasured } from './bar.ts'

export const crashes: Proof = {
  word: 'crashes',
  title: 'Crashing at every storage transaction of five workloads',
  async run() {
    const partCount = Math.min(availableParallelism(), 8)
    // Turn about: what comes late takes longer.
    const parts = await Promise.all(
      Array.from({ length: partCount }, async (_, from) => {
        const length = ['--from', `${from}`, '--every', `${partCount}`, '--json']
        const { status, output } = await runProgram('src/sim/crash/main.ts', length)
        const line = output.trimEnd().split('\n').at(-1) ?? ''
        return line.startsWith('[') ? (JSON.parse(line) as readonly CrashTotals[]) : status
      }),
    )
    const failed = parts.find((part) => typeof part === 'number')
    if (failed !== undefined) return [unmeasured('crashes', failed)]
    const all = parts.filter((part) => typeof part !== 'number')
    return all[0]!.map((_, at) => barOf(all.map((part) => part[at]!)))
  },
}

function barOf(parts: readonly CrashTotals[]): Bar {
  const { name, writeCount, transactionCount, every } = parts[0]!
  const sum = (of: (part: CrashTotals) => number): number => parts.reduce((total, part) => total + of(part), 0)
  const crashCount = sum((part) => part.crashCount)
  const violated = parts.flatMap((part) => part.violated)
  return {
    name: `crashes, ${name}: after which something acknowledged is lost, or anything invented, unreadable, or not the same everywhere`,
    required: `0 of at least ${2 * transactionCount}${every === null ? ', each alone' : `, every ${every} in one course`}`,
    measured: `${violated.length === 0 ? '0' : `${violated.length} (${violated.join(', ')})`} of ${crashCount}; ${writeCount} writes in ${transactionCount} transactions`,
    isMet: violated.length === 0 && crashCount >= 2 * transactionCount,
  }
}
