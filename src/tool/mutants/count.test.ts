import { expect, test } from 'vitest'
import { type Excuse, type Mutant, isWithin, tallyOf } from './count.ts'

const file = 'src/core/path/path.ts'
const mutant = (line: number, end: Mutant['end'], change: Partial<Mutant> = {}): Mutant => ({
  file,
  line,
  whole: 'if (a < b) return',
  from: 'a < b',
  to: 'a <= b',
  end,
  ...change,
})
const excuse = (change: Partial<Excuse> = {}): Excuse => ({
  file,
  line: 'if (a < b) return',
  from: 'a < b',
  to: 'a <= b',
  reason: 'They are never equal.',
  ...change,
})
const killed = (count: number): Mutant[] => Array.from({ length: count }, (_, at) => mutant(100 + at, 'killed'))
const tally = (mutants: readonly Mutant[], excused: readonly Excuse[] = []) =>
  tallyOf('src/core/path', mutants, excused, 1)

test('85 of 100 must be killed, and what was endless or late counts as such', () => {
  const left = Array.from({ length: 15 }, (_, at) => mutant(at, 'survived'))
  const met = tally([...killed(80), mutant(1, 'endless'), ...killed(3), mutant(2, 'late'), ...left])
  expect(met).toMatchObject({ count: 100, killed: 85, endless: 1, killedShare: 0.85, excusedCount: 0 })
  expect(met.late).toEqual([mutant(2, 'late')])
  expect(met.survivors).toEqual(left)
  expect(isWithin(met)).toBe(true)
  expect(isWithin(tally([...killed(84), ...left, mutant(99, 'survived')]))).toBe(false)
})

test('an excuse is known by the text wherever that stands, and is no kill', () => {
  const told = tally([...killed(19), mutant(7, 'survived')], [excuse()])
  expect(told).toMatchObject({ killed: 19, excusedCount: 1, survivors: [], idle: [], excusedShare: 0.05 })
  expect(isWithin(told)).toBe(true)
  for (const other of [{ file: `${file}x` }, { line: 'else' }, { from: 'a' }, { to: 'b' }])
    expect(tally([...killed(19), mutant(7, 'survived')], [excuse(other)])).toMatchObject({ excusedCount: 0 })
})

test('more than 5 of 100 excused are too many', () => {
  expect(isWithin(tally([...killed(18), mutant(7, 'survived')], [excuse()]))).toBe(false)
})

test('an excuse for what is killed, or not there, is one too many; those of other places are not looked at', () => {
  const idle = excuse({ line: 'gone' })
  expect(tally(killed(20), [idle])).toMatchObject({ idle: [idle] })
  expect(isWithin(tally(killed(20), [idle]))).toBe(false)
  expect(isWithin(tally([...killed(20), mutant(7, 'killed')], [excuse()]))).toBe(false)
  expect(isWithin(tally(killed(20), [excuse({ file: 'src/core/pathology/path.ts' })]))).toBe(true)
  const ofFile = (excused: readonly Excuse[]) => tallyOf(file, killed(20), excused, 1)
  expect(ofFile([idle])).toMatchObject({ idle: [idle] })
  expect(ofFile([excuse({ file: 'src/core/path/names.ts' })])).toMatchObject({ idle: [] })
})
