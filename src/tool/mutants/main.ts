/**
 * `npm run mutants [-- DIRECTORY…]`: changes the code in thousands of small ways, and sees whether a test fails each time.
 *
 * Each meets the tests that stand beside it, and first those that are quick. What no test can see is excused in `excused.ts`. Ends
 * with status 1 where fewer than 85 in 100 are killed, more than 5 are excused, or an excuse has nothing to excuse.
 * @module
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Mutant, type Tally, isWithin, tallyOf } from './count.ts'
import { excused } from './excused.ts'
import { installStryker, mutate } from './stryker.ts'

const usual = ['path', 'cap', 'block', 'merkle'].map((folder) => `src/core/${folder}`)
/** They try thousands of things for seconds, which few mutants need. */
const slow = ['src/core/cap/chain-flips.test.ts', 'src/core/cap/chain-model.test.ts']

const sourcesOf = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|\/testing\//.test(path))
    .toSorted()

async function mutantsOf(directory: string): Promise<readonly Mutant[]> {
  const tests = `${directory}/**/*.test.ts`
  const all = await mutate(directory, { places: sourcesOf(directory), tests, without: slow, isQuick: true })
  const left = all.filter(({ end }) => end === 'survived')
  if (left.length === 0) return all
  const places = [...new Set(left.map(({ place }) => place))]
  const again = await mutate(directory, { places, tests, without: slow, isQuick: false })
  const ends = new Map(again.map(({ name, end }) => [name, end]))
  return all.map((mutant) =>
    mutant.end === 'survived' ? { ...mutant, end: ends.get(mutant.name) ?? 'survived' } : mutant,
  )
}

function print(tallies: readonly Tally[]): void {
  const rows = [
    ['directory', 'mutants', 'killed', 'by hits', 'by time', 'survived', 'excused', '% killed', '% excused', 'min', ''],
    ...tallies.map((tally) => [
      tally.directory,
      ...[tally.count, tally.killed, tally.endless, tally.late, tally.survivors.length, tally.excusedCount].map(String),
      ...[tally.killedShare, tally.excusedShare].map((share) => (100 * share).toFixed(1)),
      tally.minutes.toFixed(1),
      isWithin(tally) ? 'pass' : 'MISS',
    ]),
  ]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
}

const named = process.argv.slice(2).map((directory) => directory.replace(/\/+$/, ''))
await installStryker()
const tallies: Tally[] = []
for (const directory of named.length > 0 ? named : usual) {
  const startedMs = performance.now()
  const mutants = await mutantsOf(directory)
  const tally = tallyOf(directory, mutants, excused, (performance.now() - startedMs) / 60_000)
  tallies.push(tally)
  for (const { file, line, from, to } of tally.survivors) console.log(`survived  ${file}:${line}  ${from}  →  ${to}`)
  for (const { file, from, to } of tally.idle) console.log(`excuses nothing  ${file}  ${from}  →  ${to}`)
}
console.log()
print(tallies)
process.exitCode = tallies.every(isWithin) ? 0 : 1
