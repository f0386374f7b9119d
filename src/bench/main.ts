/**
 * `npm run bench`: what the parts cost beside the best that the platform can do, each pair measured turn about in one run.
 *
 * A ratio is ours over the baseline in speed, so 1 means that ours costs nothing. A row is void where the baseline itself is
 * slower than 0.7 of what it was measured at on an idle machine of the same kind: then something else was running. A void row
 * is measured again, up to three times in all. Ends with status 1 where a row that is not void misses its bar.
 * `npm run bench -- seal paint` measures only rows whose titles contain one of these words.
 * @module
 */
import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import type { Comparison } from './alternate.ts'
import { builtBench, builtSite, serve, visit } from './browser.ts'
import {
  type CodingPlace,
  codingCounts,
  codingLines,
  codingTitle,
  isBusy,
  merkleLine,
  merkleTitle,
} from './coding-lines.ts'
import { type CodingFigures, measureCoding } from './coding.ts'
import type { CodingQuestion } from './coding.worker.ts'
import { consensusLines } from './consensus.ts'
import { electionLines } from './elections.ts'
import { codeSizeBytes, firstPaints, workerSizeBytes } from './first-paint.ts'
import { measureMerkle } from './hashing.ts'
import { journeyTitles, measureJourneys } from './journeys.ts'
import { type Line, busy, isReferenceMachine, show, verdictOf, voidBelow } from './line.ts'
import type { WorkerRow } from './bench.worker.ts'
import { kernelAddress } from '../edge/wasm/kernel.ts'

const attemptCountMax = 3

interface WorkerRowPlan {
  readonly title: string
  readonly row: WorkerRow
  readonly unit: string
  /** The least ratio that is good enough. */
  readonly bar: number
  /** What the baseline does on the reference machine when idle: 2 virtual cores of an AMD EPYC (Zen 4), Chromium 156. */
  readonly referenceRate: number
}

// Both kinds of a sector's arithmetic: 1283 MB/s AES-256-GCM and 1595 MB/s SHA-256, one after the other.
const sectorReference = 1 / (1 / 1283 + 1 / 1595)
const workerRows: readonly WorkerRowPlan[] = [
  { title: 'seal sectors', row: 'sealSectors', unit: 'MB/s', bar: 0.8, referenceRate: sectorReference },
  { title: 'open sectors, verified', row: 'openSectors', unit: 'MB/s', bar: 0.8, referenceRate: sectorReference },
  // 8064 records of 4 KiB a second in strict transactions of 128; a block of ours is two records and its part of the log.
  { title: '4 KiB writes, 64 a batch', row: 'writeBatches', unit: 'blocks/s', bar: 0.5, referenceRate: 8064 / 2 },
  // Most of it is arithmetic in JavaScript, which idle hosts of this kind do at 980 to 1660.
  { title: 'check chains of 3, cold', row: 'checkChains', unit: 'chains/s', bar: 0.8, referenceRate: 980 },
  { title: '4 KiB edits of 1 GiB', row: 'editBlocks', unit: 'edits/s', bar: 0.5, referenceRate: 70 },
]

const isMiss = ({ verdict }: Line): boolean => verdict === 'MISS'

async function measure(page: Page, plan: WorkerRowPlan): Promise<Line> {
  const { title, row, unit, bar, referenceRate } = plan
  let found: Comparison
  let isBusy: boolean
  let attempt = 0
  do {
    found = await page.evaluate((name) => (globalThis as unknown as BenchPage).runRow(name), row)
    isBusy = isReferenceMachine() && found.baseline < voidBelow * referenceRate
  } while (isBusy && ++attempt < attemptCountMax)
  const ratio = found.ours / found.baseline
  return {
    title,
    ours: show(found.ours, unit),
    baseline: show(found.baseline, unit),
    ratio: ratio.toFixed(2),
    bar: `>= ${bar}`,
    verdict: isBusy ? busy(show(voidBelow * referenceRate, unit)) : verdictOf(ratio >= bar),
    note: found.note,
  }
}
interface BenchPage {
  runRow(row: WorkerRow): Promise<Comparison>
  runCoding(question: CodingQuestion): Promise<unknown>
}

/** What the kernel does, here or in a worker of a browser of its own. */
async function ask(place: CodingPlace, question: CodingQuestion): Promise<unknown> {
  if (place === 'worker')
    return visit(`${bench.origin}/page.html`, (page) =>
      page.evaluate((asked) => (globalThis as unknown as BenchPage).runCoding(asked), question),
    )
  const kernelOctets = await readFile(kernelAddress)
  if (question === 'merkle') return measureMerkle(kernelOctets)
  return measureCoding(question, kernelOctets, await readFile('node_modules/raptorq/raptorq_bg.wasm'))
}

async function measureKernel(place: CodingPlace): Promise<readonly Line[]> {
  const found: Line[] = []
  for (const K of codingCounts) {
    if (!isWanted(codingTitle(place, K))) continue
    let figures: CodingFigures
    let attempt = 0
    do figures = (await ask(place, K)) as CodingFigures
    while (isBusy(figures) && ++attempt < attemptCountMax)
    found.push(...codingLines(place, K, figures))
  }
  if (isWanted(merkleTitle(place))) found.push(merkleLine(place, (await ask(place, 'merkle')) as Comparison))
  return found
}

async function measureWorkerCode(): Promise<Line> {
  const { alone, withNetwork } = await workerSizeBytes(await builtSite())
  return {
    title: workerCodeTitle,
    ours: show(alone / 1024, 'KiB'),
    baseline: '',
    ratio: '',
    bar: '',
    verdict: 'shown',
    note: `gzip, level 9; with libp2p, where there are other devices, ${show(withNetwork / 1024, 'KiB')}`,
  }
}
const workerCodeTitle = 'code of the node worker'

async function measureSite(benchFolder: string): Promise<readonly Line[]> {
  const siteFolder = await builtSite()
  const codeSizeKib = (await codeSizeBytes(siteFolder)) / 1024
  const barKib = 100
  const [site, bare] = await Promise.all([serve(siteFolder), serve(benchFolder)])
  const { siteMs, bareMs } = await firstPaints(site, bare)
  await Promise.all([site.close(), bare.close()])
  return [
    {
      title: 'page code before first paint',
      ours: show(codeSizeKib, 'KiB'),
      baseline: '',
      ratio: '',
      bar: `<= ${barKib} KiB`,
      verdict: verdictOf(codeSizeKib <= barKib),
      note: 'gzip, level 9',
    },
    {
      title: 'cold first paint',
      ours: show(siteMs, 'ms'),
      baseline: show(bareMs, 'ms'),
      ratio: (bareMs / siteMs).toFixed(2),
      bar: '',
      verdict: 'shown',
      note: 'median of 5 new profiles; baseline: a page without code',
    },
  ]
}

const columns = ['title', 'ours', 'baseline', 'ratio', 'bar', 'verdict', 'note'] as const satisfies (keyof Line)[]

function print(lines: readonly Line[]): void {
  const heads = {
    title: 'row',
    ours: 'ours',
    baseline: 'baseline',
    ratio: 'ratio',
    bar: 'bar',
    verdict: 'verdict',
    note: '',
  }
  const widths = columns.map((column) => Math.max(...[heads, ...lines].map((line) => line[column].length)))
  for (const line of [heads, ...lines])
    console.log(
      columns
        .map((column, at) => line[column].padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
}

const words = process.argv.slice(2)
const isWanted = (title: string): boolean => words.length === 0 || words.some((word) => title.includes(word))

const benchFolder = await builtBench()
const bench = await serve(benchFolder)
const lines: Line[] = []
// A browser a row: what one leaves behind in memory or on disk is no load for the next.
for (const plan of workerRows)
  if (isWanted(plan.title)) lines.push(await visit(`${bench.origin}/page.html`, (page) => measure(page, plan)))
for (const place of ['node', 'worker'] as const) lines.push(...(await measureKernel(place)))
await bench.close()
lines.push(...(await consensusLines(isWanted)), ...(await electionLines(isWanted)))
if (isWanted('paint')) lines.push(...(await measureSite(benchFolder)))
if (isWanted(workerCodeTitle)) lines.push(await measureWorkerCode())
const journeys = journeyTitles.filter(isWanted)
if (journeys.length > 0) lines.push(...(await measureJourneys(journeys)))
print(lines)
process.exitCode = lines.some(isMiss) ? 1 : 0
