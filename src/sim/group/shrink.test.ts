/**
 * A course of an hour comes down to a few strokes that still show what was planted.
 */
import { expect, test } from 'vitest'
import { groupBugs } from './bugs.ts'
import { runGroup } from './group-run.ts'
import { shrinkGroup, tellShrunk } from './shrink.ts'

test.each([
  { name: 'hard state is never stored', seed: 1, strokeCountMax: 4 },
  { name: 'a refused vote counts as granted', seed: 1, strokeCountMax: 2 },
  { name: 'no pre-vote', seed: 1, strokeCountMax: 1 },
  { name: 'entries of older terms are committed by count', seed: 2, strokeCountMax: 1 },
])('in short: $name', ({ name, seed, strokeCountMax }) => {
  const bug = groupBugs.find((each) => each.name === name)!
  const long = { seed, durationMs: 60 * 60_000, bug }
  const shrunk = shrinkGroup(long, 200)
  const { report, options } = shrunk
  expect(report.violations).not.toEqual([])
  expect(runGroup(options)).toEqual(report)
  expect(report.struck.length).toBeLessThan(runGroup(long).struck.length)
  expect(report.struck.length).toBeLessThanOrEqual(strokeCountMax)
  // What is told is due to the bug, not to what was left out.
  expect(runGroup({ ...options, bug: null }).violations).toEqual([])
  const lines = tellShrunk(shrunk).split('\n')
  expect(lines.length).toBeLessThan(40)
  for (const { kind } of report.struck) expect(lines[0]).toContain(kind)
  for (const violation of report.violations) expect(lines).toContain(`  violated: ${violation}`)
  expect(lines.some((line) => / leads in term \d+$/.test(line))).toBe(true)
})

test('a course of which nothing is found can not be told in short', () => {
  expect(() => shrinkGroup({ seed: 1, durationMs: 60_000 })).toThrow('nothing is found')
})

test('a story has few lines, unless it is to be told to its end', () => {
  const short = runGroup({ seed: 1, durationMs: 60 * 60_000 })
  const whole = runGroup({ seed: 1, durationMs: 60 * 60_000, less: {} })
  expect(short.story).toHaveLength(60)
  expect(whole.story.length).toBeGreaterThan(200)
  expect(whole.acknowledgedCount).toBe(short.acknowledgedCount)
})
