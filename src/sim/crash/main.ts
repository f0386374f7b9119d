/**
 * `npm run crashes -- [--workload NAME] [--from K] [--every N] [--count N] [--json]`: a crash at every storage transaction of five
 * workloads, on both sides of it.
 *
 * Exit code 1 where something was lost, invented, unreadable or not the same everywhere, or where a crash did not strike.
 * @module
 */
import { type Crash, type CrashReport, crashSides, runCrash } from './crash-run.ts'
import { type CrashWorkload, crashWorkloads } from './workloads.ts'

const usage = 'npm run crashes -- [--workload NAME] [--from K] [--every N] [--count N] [--json]'
const writeCount = 200

interface Arguments {
  readonly workloads: readonly CrashWorkload[]
  /** Of transactions at which a course has its first crash: the first, from each to the next, and how many at most. */
  readonly from: number
  readonly every: number
  readonly countMax: number
  readonly isJson: boolean
}

function parseArguments(given: readonly string[]): Arguments {
  const numbers = new Map([
    ['--from', 0],
    ['--every', 1],
    ['--count', Infinity],
  ])
  let workloads = crashWorkloads
  let isJson = false
  for (let at = 0; at < given.length; at++) {
    const name = given[at]!
    const named = crashWorkloads.filter((workload) => workload.name === given[at + 1])
    if (name === '--json') isJson = true
    else if (name === '--workload' && named.length > 0) [workloads] = [named, at++]
    else if (numbers.has(name) && Number(given[at + 1]) >= (name === '--from' ? 0 : 1))
      numbers.set(name, Math.floor(Number(given[++at])))
    else throw new Error(`"${name}" is not understood. Usage: ${usage}`)
  }
  return {
    workloads,
    from: numbers.get('--from')!,
    every: numbers.get('--every')!,
    countMax: numbers.get('--count')!,
    isJson,
  }
}

/** What `--json` says of a workload. */
export interface CrashTotals {
  readonly name: string
  /** Of a course without a crash. */
  readonly writeCount: number
  readonly transactionCount: number
  /** How many transactions lie between two crashes of one course; null: a course has one. */
  readonly every: number | null
  readonly crashCount: number
  /** In all courses together; none of them was lost where nothing was violated. */
  readonly acknowledgedCount: number
  /** Crashes after which something was wrong, each as `117 before`. */
  readonly violated: readonly string[]
}

// One turn of the event loop: when it comes round, no microtask is left.
const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Rejections that nobody in the node took care of, since the run began. */
const unhandled: string[] = []
process.on('unhandledRejection', (reason) =>
  unhandled.push(`unhandled rejection: ${(reason as Error)?.stack ?? reason}`),
)

async function run(workload: CrashWorkload, crash: Crash | null): Promise<CrashReport> {
  unhandled.length = 0
  const report = await runCrash({ workload, writeCount, crash, drain })
  const missed = report.crashCount > 0 === (crash !== null) ? [] : ['the crash did not strike']
  return { ...report, violations: [...report.violations, ...missed, ...unhandled] }
}

async function crashEverywhere(
  workload: CrashWorkload,
  { from, every, countMax }: Arguments,
  say: (line: string) => void,
): Promise<CrashTotals> {
  const undisturbed = await run(workload, null)
  const totals = { crashCount: 0, acknowledgedCount: 0 }
  const violated: string[] = []
  const judge = ({ violations, story }: CrashReport, name: string, at: number): void => {
    if (violations.length === 0) return
    violated.push(name)
    say(`${workload.name}, ${name}:`)
    for (const line of [...story, ...violations.map((violation) => `violated: ${violation}`)]) say(`  ${line}`)
    say(`  replay with: npm run crashes -- --workload ${workload.name} --from ${at} --count 1`)
  }
  judge(undisturbed, 'no crash', 0)
  const { transactionCount } = undisturbed
  const end = Math.min(workload.crashesEvery ?? Infinity, transactionCount)
  for (let at = from, count = 0; at < end && count < countMax; at += every, count++)
    for (const side of crashSides) {
      const report = await run(workload, { transaction: at, side, every: workload.crashesEvery })
      totals.crashCount += report.crashCount
      totals.acknowledgedCount += report.acknowledgedCount
      judge(report, `${at} ${side}`, at)
    }
  const { name, crashesEvery } = workload
  const ofCourse = { name, writeCount: undisturbed.acknowledgedCount, transactionCount, every: crashesEvery }
  return { ...ofCourse, ...totals, violated }
}

const given = parseArguments(process.argv.slice(2))
const all: CrashTotals[] = []
for (const workload of given.workloads) {
  const totals = await crashEverywhere(workload, given, given.isJson ? () => {} : console.log)
  all.push(totals)
  const { name, transactionCount, crashCount, acknowledgedCount, violated } = totals
  if (!given.isJson)
    console.log(
      `${name.padEnd(8)} ${totals.writeCount} writes in ${transactionCount} transactions, ${crashCount} crashes among ` +
        `${acknowledgedCount} writes: ${violated.length === 0 ? 'nothing lost' : `violated ${violated.join(', ')}`}`,
    )
}
if (given.isJson) console.log(JSON.stringify(all))
process.exitCode = all.every(({ violated }) => violated.length === 0) ? 0 : 1
