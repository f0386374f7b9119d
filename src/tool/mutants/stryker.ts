/**
 * Stryker, which makes the mutants and runs the tests on them.
 *
 * It has packages of its own, installed when it is first asked for: a hundred of them, which nothing else here needs.
 * @module
 */
import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { type Mutant, plain } from './count.ts'

/** Programs of this repository run at its root. From below it the project's own packages are found, such as vitest. */
const folder = resolve('.cache', 'mutants')
const own = resolve('src', 'tool', 'mutants')
/** Beside what a run takes: the machine may be busy, and what is late for that cause would count as killed. */
const timeoutMs = 15_000
const timeoutFactor = 4

export async function installStryker(): Promise<void> {
  const lockfile = readFileSync(resolve(own, 'package-lock.json'))
  const stamp = resolve(folder, 'installed')
  if (existsSync(stamp) && readFileSync(stamp).equals(lockfile)) return
  console.log('Installing what makes mutants …')
  mkdirSync(folder, { recursive: true })
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(resolve(own, name), resolve(folder, name))
  // The peer that it asks for is the project's own vitest.
  const args = ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps']
  const { npm_execpath: npm } = process.env
  const log = resolve(folder, 'install.log')
  const status = npm ? await run(process.execPath, [npm, ...args], log, folder) : await run('npm', args, log, folder)
  if (status !== 0) throw new Error(`npm ci ended with status ${status}:\n${readFileSync(log, 'utf8')}`)
  writeFileSync(stamp, lockfile)
}

/** What Stryker writes down, as far as it matters here. */
interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Reported[] }>>
  readonly testFiles: Readonly<Record<string, { readonly tests: readonly unknown[] }>>
}
interface Reported {
  readonly replacement: string
  readonly status: string
  readonly statusReason?: string
  /** It shows while modules are loaded. */
  readonly static?: boolean
  readonly testsCompleted?: number
  readonly location: { readonly start: Position; readonly end: Position }
}
interface Position {
  readonly line: number
  readonly column: number
}

/**
 * Makes all mutants of some files, and runs the tests that reach them until one fails.
 * @param tests a pattern of files
 * @param without of these
 */
export async function mutate(
  place: string,
  files: readonly string[],
  tests: string,
  without: readonly string[],
): Promise<readonly Mutant[]> {
  const name = place.replaceAll(/\W+/g, '-')
  const [config, report, log] = ['config.json', 'report.json', 'log'].map((end) => resolve(folder, `${name}.${end}`))
  const options = {
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    // Not related: then all tests meet whatever shows while modules are loaded.
    vitest: { configFile: 'src/tool/mutants/vitest.config.ts', related: false },
    mutate: files,
    ignorePatterns: ['/.cache', '/dist', '/public', '/e2e'],
    // Cleared at the end with all in it, which must not be another run's.
    tempDirName: `.cache/mutants/sandbox-${process.pid}`,
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName: report },
    concurrency: 1,
    timeoutMS: timeoutMs,
    timeoutFactor,
    warnings: { slow: false },
  }
  writeFileSync(config!, JSON.stringify(options))
  console.log(`${place} … ${relative('', log!)} tells how far`)
  const stryker = resolve(folder, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js')
  const env = { MUTANTS_TESTS: tests, MUTANTS_WITHOUT: without.join(' ') }
  const status = await run(process.execPath, [stryker, 'run', config!], log!, resolve(), env)
  if (status !== 0) throw new Error(`Stryker ended with status ${status}:\n${readFileSync(log!, 'utf8')}`)
  const { files: mutated, testFiles } = JSON.parse(readFileSync(report!, 'utf8')) as Report
  const testCount = Object.values(testFiles).reduce((sum, file) => sum + file.tests.length, 0)
  return Object.entries(mutated).flatMap(([file, { source, mutants }]) => {
    const lines = source.split('\n')
    return mutants.flatMap((mutant) => mutantOf(file, lines, mutant, testCount) ?? [])
  })
}

/** @returns null for one that was not tried */
function mutantOf(file: string, lines: readonly string[], mutant: Reported, testCount: number): Mutant | null {
  const { replacement, location } = mutant
  const { start, end } = location
  const became = endOf(mutant, testCount)
  if (became === null) return null
  const taken = lines.slice(start.line - 1, end.line).with(-1, lines[end.line - 1]!.slice(0, end.column - 1))
  taken[0] = taken[0]!.slice(start.column - 1)
  return {
    file,
    line: start.line,
    whole: lines[start.line - 1]!.trim(),
    from: plain(taken.join('\n')),
    to: plain(replacement),
    end: became,
  }
}

function endOf(
  { status, statusReason = '', static: isStatic = false, testsCompleted = 0 }: Reported,
  testCount: number,
): Mutant['end'] | null {
  if (status === 'Killed') return 'killed'
  // Some file of tests could not even be loaded with the change in it. None of its tests failed, so Stryker says that it survived.
  if (status === 'Survived' && isStatic && testsCompleted < testCount) return 'killed'
  if (status === 'Survived' || status === 'NoCoverage') return 'survived'
  if (status === 'Timeout') return statusReason.startsWith('Hit limit') ? 'endless' : 'late'
  if (status === 'Ignored') return null
  throw new Error(`A mutant ended as ${status}: ${statusReason}`)
}

function run(
  program: string,
  args: readonly string[],
  log: string,
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const output = openSync(log, 'w')
  return new Promise((resolveStatus, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', output, output] })
    child.once('error', reject)
    child.once('close', (code) => resolveStatus(code ?? 1))
  })
}
