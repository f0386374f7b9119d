/**
 * `npm run mutants [-- DIRECTORY-OR-FILE…]`: changes the code in thousands of small ways, and sees whether a test fails each time.
 *
 * Each meets the tests of its directory that reach it. What no test can see is excused in `excused.ts`. Ends with status 1 where
 * fewer than 85 in 100 are killed, more than 5 are excused, or an excuse has nothing to excuse. Takes about an hour.
 * @module
 */
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Tally, isWithin, tallyOf } from './count.ts'
import { excused } from './excused.ts'
import { installStryker, mutate } from './stryker.ts'

const usual = ['path', 'cap', 'block', 'merkle', 'raft'].map((folder) => `src/core/${folder}`)
/** They try thousands of things for seconds, which few mutants need. */
const slow = ['src/core/cap/chain-flips.test.ts', 'src/core/cap/chain-model.test.ts']

const isFile = (place: string): boolean => place.endsWith('.ts')
const sourcesOf = (place: string): string[] =>
  isFile(place)
    ? [place]
    : readdirSync(place, { recursive: true, encoding: 'utf8' })
        .map((name) => join(place, name))
        .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|\/testing\//.test(path))
        .toSorted()
const testsOf = (place: string): string => `${isFile(place) ? dirname(place) : place}/**/*.test.ts`

function print(tallies: readonly Tally[]): void {
  const rows = [
    ['place', 'mutants', 'killed', 'by hits', 'by time', 'survived', 'excused', '% killed', '% excused', 'min', ''],
    ...tallies.map((tally) => [
      tally.place,
      ...[tally.count, tally.killed, tally.endless, tally.late.length, tally.survivors.length, tally.excusedCount].map(
        String,
      ),
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

const named = process.argv.slice(2).map((place) => place.replace(/\/+$/, ''))
await installStryker()
const tallies: Tally[] = []
for (const place of named.length > 0 ? named : usual) {
  const startedMs = performance.now()
  const mutants = await mutate(place, sourcesOf(place), testsOf(place), slow)
  const tally = tallyOf(place, mutants, excused, (performance.now() - startedMs) / 60_000)
  tallies.push(tally)
  const told = { survived: tally.survivors, 'killed by the clock': tally.late, 'excuses nothing': tally.idle }
  for (const [what, list] of Object.entries(told))
    for (const { file, line, from, to } of list) console.log(`${what}  ${file}:${line}  ${from}  →  ${to}`)
}
console.log()
print(tallies)
process.exitCode = tallies.every(isWithin) ? 0 : 1
