/**
 * Rows that are measured through the built site, between real browsers: the journeys of `e2e/bench`.
 * @module
 */
import { spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Line, show, verdictOf } from './line.ts'

/** What a journey found. */
export interface Row {
  readonly title: string
  readonly unit: string
  readonly ours: number
  readonly baseline: number | null
  readonly better: 'higher' | 'lower'
  /** The least ratio that is good enough, of the speeds; null: the figure is shown. */
  readonly ratioMin: number | null
  readonly note: string
}

/** The title of each journey, as its rows begin. */
export const journeyTitles = [
  '100 MiB on another device',
  'a change among three that decide',
  'from the scan to the tree',
  'new keys after a removal',
]

export async function measureJourneys(titles: readonly string[]): Promise<readonly Line[]> {
  const file = resolve('.cache', 'bench-journeys.json')
  await rm(file, { force: true })
  const env = { BENCH: '1', PLAYWRIGHT_JSON_OUTPUT_FILE: file }
  const wanted = titles.map((title) => `${title} @bench`).join('|')
  await runNode(['src/tool/e2e.mjs', '--grep', wanted, '--reporter=json'], env)
  const report = await readFile(file, 'utf8').catch(() => '')
  const rows = report === '' ? [] : rowsOf(JSON.parse(report) as Report)
  const missing = titles.filter((title) => !rows.some((row) => row.title.startsWith(title)))
  return [...rows.map(lineOf), ...missing.map(unmeasured)]
}

function lineOf({ title, unit, ours, baseline, better, ratioMin, note }: Row): Line {
  const ratio = baseline === null ? null : better === 'higher' ? ours / baseline : baseline / ours
  return {
    title,
    ours: show(ours, unit),
    baseline: baseline === null ? '' : show(baseline, unit),
    ratio: ratio === null ? '' : ratio.toFixed(2),
    bar: ratioMin === null ? '' : `>= ${ratioMin}`,
    verdict: ratio === null || ratioMin === null ? 'shown' : verdictOf(ratio >= ratioMin),
    note,
  }
}

const unmeasured = (title: string): Line => ({
  title,
  ours: '',
  baseline: '',
  ratio: '',
  bar: '',
  verdict: verdictOf(false),
  note: `the journey failed; see it by: BENCH=1 npm run e2e -- --grep "${title}"`,
})

interface Report {
  readonly suites: readonly Suite[]
}
interface Suite {
  readonly suites?: readonly Suite[]
  readonly specs: readonly { readonly tests: readonly { readonly annotations: readonly Annotation[] }[] }[]
}
interface Annotation {
  readonly type: string
  readonly description?: string
}

const rowsOf = ({ suites }: Report): readonly Row[] => suites.flatMap(rowsOfSuite)
const rowsOfSuite = ({ specs, suites = [] }: Suite): readonly Row[] => [
  ...specs
    .flatMap(({ tests }) => tests.flatMap(({ annotations }) => annotations))
    .flatMap(({ type, description = '' }) => (type === 'row' ? [JSON.parse(description) as Row] : [])),
  ...suites.flatMap(rowsOfSuite),
]

const runNode = (args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    child.once('error', reject)
    child.once('close', () => resolve())
  })
