/**
 * `npm run conformance -- [PATH…]`: our code against what others publish.
 *
 * Files are known by what they say, not by where they lie or what they are called; without a PATH those beside this
 * repository are taken. Closes with `N passed, N failed, N skipped`.
 * @module
 */
import { existsSync } from 'node:fs'
import { readFile, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { recognisesCrypto, runCrypto } from './crypto.ts'
import { recognisesRaft, runRaft } from './raft.ts'
import { recognisesRaptorq, runRaptorq } from './raptorq.ts'

/** What one kind of file comes to. */
interface Outcome {
  /** Files of one group share a line. */
  readonly group: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly failures: readonly string[]
}
interface Kind {
  recognises(path: string, text: string, json: unknown): boolean
  run(path: string, json: unknown): Promise<readonly Outcome[]>
}

const besidePath = resolve('..', 'shared')

const kinds: readonly Kind[] = [
  {
    recognises: (path, text) => recognisesRaft(path, text),
    async run(path) {
      const results = await runRaft(path, runnerPlace(path))
      return results.map((result) => ({
        ...result,
        group: `raft ${basename(dirname(path))}`,
        skipped: 0,
        failures: result.failures.map((failure) => `${result.name} ${failure}`),
      }))
    },
  },
  {
    recognises: (_path, _text, json) => recognisesRaptorq(json),
    async run(path, json) {
      const { name, ...counts } = runRaptorq(path, json as object)
      return [{ ...counts, group: name, skipped: 0 }]
    },
  },
  {
    recognises: (path, _text, json) => json !== undefined && recognisesCrypto(path, json),
    async run(path, json) {
      const { name, ...counts } = await runCrypto(path, json)
      return [{ ...counts, group: name }]
    },
  },
]

/** The folder in which `raft/runner` lies, which says what raft's files mean: above the file, else beside this repository. */
function runnerPlace(path: string): string {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder))
    if (existsSync(join(folder, 'raft', 'runner'))) return folder
  return besidePath
}

/** In the order of their names, through all folders. */
async function filesUnder(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path]
  const names = (await readdir(path)).filter((name) => name !== 'node_modules' && !name.startsWith('.')).toSorted()
  return (await Promise.all(names.map((name) => filesUnder(join(path, name))))).flat()
}

/** @returns null where no kind knows the file */
async function runFile(path: string): Promise<readonly Outcome[] | null> {
  const text = await readFile(path, 'utf8')
  const json = /^\s*[[{]/.test(text) ? parse(text) : undefined
  const kind = kinds.find(({ recognises }) => recognises(path, text, json))
  return kind ? kind.run(path, json) : null
}

/** @returns undefined for what is no JSON */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** @returns null where nothing under the path is known */
async function runPath(path: string): Promise<Outcome[] | null> {
  const groups = new Map<string, Outcome>()
  let unknownCount = 0
  for (const file of await filesUnder(path)) {
    const outcomes = await runFile(file)
    if (!outcomes) unknownCount += 1
    for (const outcome of outcomes ?? []) groups.set(outcome.group, sum(groups.get(outcome.group), outcome))
  }
  for (const { group, passed, failed, skipped, failures } of groups.values()) {
    console.log(`${group}: ${counts(passed, failed, skipped)}`)
    for (const failure of failures) console.log(`  ${failure.replaceAll('\n', '\n  ')}`)
  }
  if (groups.size > 0) console.log(`${path}: ${unknownCount} other files were of no kind that is known here`)
  return groups.size > 0 ? [...groups.values()] : null
}

/** So many failures of a group are shown. */
const failureCountMax = 5

function sum(before: Outcome | undefined, next: Outcome): Outcome {
  if (!before) return next
  return {
    group: next.group,
    passed: before.passed + next.passed,
    failed: before.failed + next.failed,
    skipped: before.skipped + next.skipped,
    failures: [...before.failures, ...next.failures].slice(0, failureCountMax),
  }
}

const counts = (passed: number, failed: number, skipped: number): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`

async function runAll(given: readonly string[]): Promise<void> {
  if (given.length === 0 && !existsSync(besidePath)) return console.log('skipped: no vectors')
  const outcomes: Outcome[] = []
  for (const path of given.length > 0 ? given : [besidePath]) {
    const found = existsSync(path) ? await runPath(path) : null
    if (!found) {
      console.log(`${path}: nothing here is of a kind that is known`)
      process.exitCode = 1
    }
    outcomes.push(...(found ?? []))
  }
  const total = (of: 'passed' | 'failed' | 'skipped'): number => outcomes.reduce((sum, each) => sum + each[of], 0)
  if (total('failed') > 0) process.exitCode = 1
  console.log(counts(total('passed'), total('failed'), total('skipped')))
}

await runAll(process.argv.slice(2))
