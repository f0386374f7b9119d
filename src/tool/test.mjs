/**
 * `npm test`: all that must hold, in the order in which one wants to hear of it, from a fresh clone on.
 *
 * A step that fails does not stop the others, so one run shows everything; its whole output follows at the end. Unit and end
 * to end tests count by cases, every other step as one.
 * @module
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureChromium, installIfMissing, main, root, say } from './lib.mjs'

const help = `npm test -- [--without STEP]… [--only STEP]…

Steps: format lint types core borders dead unit sim groups build e2e
Chromium: BLOCKTREE_CHROMIUM=/path/to/chromium, else the system's, else one is installed.`

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Count
 * @typedef {{ name: string, title: string, command: readonly string[], env?: Record<string, string>, isNarrow?: boolean, count?: () => Count | null }} Step
 */

const cache = join(root, '.cache')
const unitReport = join(cache, 'unit.json')
const e2eReport = join(cache, 'e2e.json')
const bin = (/** @type {string} */ path, /** @type {string[]} */ ...args) => [
  process.execPath,
  join(root, 'node_modules', path),
  ...args,
]

/**
 * @param {string} chromium
 * @returns {Step[]}
 */
const steps = (chromium) => [
  { name: 'format', title: 'format check', command: bin('oxfmt/bin/oxfmt', '--check', '.') },
  { name: 'lint', title: 'lint', command: bin('oxlint/bin/oxlint', '--type-aware', '--deny-warnings') },
  { name: 'types', title: 'types', isNarrow: true, command: bin('typescript/bin/tsc', '-p', '.') },
  { name: 'core', title: 'types of the core', isNarrow: true, command: bin('typescript/bin/tsc', '-p', 'src/core') },
  {
    name: 'borders',
    title: 'borders',
    isNarrow: true,
    command: bin(
      'dependency-cruiser/bin/dependency-cruise.mjs',
      '--config',
      '.dependency-cruiser.mjs',
      '--no-progress',
      'src',
      'workers',
      'e2e',
    ),
  },
  { name: 'dead', title: 'dead code', isNarrow: true, command: bin('knip/bin/knip.js', '--no-progress') },
  {
    name: 'unit',
    title: 'unit',
    command: bin(
      'vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${unitReport}`,
    ),
    count: countUnits,
  },
  ...(existsSync(join(root, 'src/sim/main.ts'))
    ? [
        {
          name: 'sim',
          title: 'short simulation',
          isNarrow: true,
          command: [process.execPath, join(root, 'src/tool/run.mjs'), 'src/sim/main.ts', '--seeds', '6'],
        },
      ]
    : []),
  {
    name: 'groups',
    title: 'simulated groups',
    isNarrow: true,
    command: [process.execPath, join(root, 'src/tool/run.mjs'), 'src/sim/group/main.ts', '--seeds', '40'],
  },
  { name: 'build', title: 'build', command: [process.execPath, join(root, 'src/tool/build.mjs')] },
  {
    name: 'e2e',
    title: 'end to end',
    command: bin('@playwright/test/cli.js', 'test', '--grep-invert', '@wide', '--reporter=list,json'),
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: e2eReport, BLOCKTREE_CHROMIUM: chromium },
    count: countJourneys,
  },
]

/** @returns {Count | null} null where the run did not get as far as to report */
function countUnits() {
  const report = readReport(unitReport)
  if (!report) return null
  // A file that could not even be loaded has no cases, and must not be passed over.
  const brokenFiles = report.testResults.filter(
    (/** @type {{ status: string, assertionResults: unknown[] }} */ file) =>
      file.status === 'failed' && file.assertionResults.length === 0,
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/** @returns {Count | null} */
function countJourneys() {
  const report = readReport(e2eReport)
  if (!report) return null
  const { expected, unexpected, flaky, skipped } = report.stats
  // Only where `playwright.config.ts` allows a second try can anything be flaky.
  if (flaky > 0) say(`${flaky} at the second try`)
  return { passed: expected + flaky, failed: unexpected + report.errors.length, skipped }
}

const readReport = (/** @type {string} */ path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null)

/**
 * @param {Step} step
 * @returns {Promise<{ count: Count, output: string }>}
 */
async function take({ name, title, command, env = {}, count }) {
  const startedMs = performance.now()
  const { isGood, output } = await listen(command, env)
  writeFileSync(join(cache, `test-${name}.log`), output)
  const counted = count ? count() : { passed: Number(isGood), failed: Number(!isGood), skipped: 0 }
  // A program that ends badly after all its cases passed has failed nevertheless.
  const result = counted ?? { passed: 0, failed: 1, skipped: 0 }
  if (!isGood && result.failed === 0) result.failed = 1
  const cases = count ? `${result.passed} passed, ${result.failed} failed` : result.failed ? 'FAILED' : 'ok'
  say(`${title.padEnd(18)} ${cases}, ${((performance.now() - startedMs) / 1000).toFixed(1)} s`)
  return { count: result, output: result.failed > 0 ? `\n—— ${title} ——\n${output.trimEnd()}` : '' }
}

/**
 * @param {readonly string[]} command
 * @param {Record<string, string>} env
 * @returns {Promise<{ isGood: boolean, output: string }>}
 */
function listen([program = '', ...args], env) {
  return new Promise((resolve) => {
    /** @type {string[]} */
    const heard = []
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => heard.push(text))
    child.once('error', (error) => resolve({ isGood: false, output: `${heard.join('')}${error.message}\n` }))
    child.once('close', (code) => resolve({ isGood: code === 0, output: heard.join('') }))
  })
}

/**
 * Steps that use one core each go together, as many as there are; the others have the machine for themselves.
 * @param {readonly Step[]} chosen
 * @returns {Step[][]}
 */
function lanesOf(chosen) {
  /** @type {Step[][]} */
  const lanes = []
  for (const step of chosen) {
    const last = lanes.at(-1)
    if (step.isNarrow && last?.every(({ isNarrow }) => isNarrow) && last.length < availableParallelism())
      last.push(step)
    else lanes.push([step])
  }
  return lanes
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      without: { type: 'string', multiple: true, default: [] },
      only: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return say(help)
  const isWanted = (/** @type {Step} */ { name }) =>
    !values.without.includes(name) && (values.only.length === 0 || values.only.includes(name))

  await installIfMissing()
  const needsBrowser = steps('').some((step) => step.name === 'e2e' && isWanted(step))
  const chosen = steps(needsBrowser ? await ensureChromium() : '').filter(isWanted)
  mkdirSync(cache, { recursive: true })
  // A report of another run must not be taken for this one's.
  for (const report of [unitReport, e2eReport]) rmSync(report, { force: true })

  const total = { passed: 0, failed: 0, skipped: 0 }
  let complaints = ''
  for (const lane of lanesOf(chosen))
    for (const { count, output } of await Promise.all(lane.map(take))) {
      for (const kind of /** @type {const} */ (['passed', 'failed', 'skipped'])) total[kind] += count[kind]
      complaints += output
    }
  if (complaints) say(complaints)
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
  say(`\n${total.passed} passed, ${total.failed} failed${skipped}`)
  process.exitCode = total.failed > 0 ? 1 : 0
})
