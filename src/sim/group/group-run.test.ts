/**
 * Groups under trouble, for some seeds; and that what is planted in them is found.
 */
import { describe, expect, test } from 'vitest'
import { groupBugs } from './bugs.ts'
import { groupFaultNames, runGroup } from './group-run.ts'

const hourMs = 60 * 60_000

test('an hour of trouble breaks no rule, strikes in every way, and is the same the second time', () => {
  const struck = new Set<string>()
  for (let seed = 1; seed <= 4; seed++) {
    const report = runGroup({ seed, durationMs: hourMs })
    expect(report.violations).toEqual([])
    expect(report.acknowledgedCount).toBeGreaterThan(200)
    expect(report.leaderCount).toBeGreaterThan(1)
    for (const name of groupFaultNames) if (report.faults[name] > 0) struck.add(name)
    if (seed === 1) expect(runGroup({ seed, durationMs: hourMs }).hash).toBe(report.hash)
  }
  expect([...struck].toSorted()).toEqual([...groupFaultNames].toSorted())
})

describe('is found within a few hours', () => {
  test.each([
    'hard state is never stored',
    'the vote is not stored',
    'a refused vote counts as granted',
    'heartbeats have no commit index',
    'no write is synced',
    'no pre-vote',
    'a leader reads without asking',
    'entries of older terms are committed by count',
    'the old name after the disk was lost',
    'an answer before the majority has it',
    'a write that was refused counts as done',
    'a snapshot leaves what was applied',
  ])('%s', (name) => {
    const bug = groupBugs.find((each) => each.name === name)!
    const isFound = (seed: number): boolean => runGroup({ seed, durationMs: hourMs, bug }).violations.length > 0
    expect(Array.from({ length: 12 }, (_, at) => at + 1).some(isFound)).toBe(true)
  })
})
