import { expect, test } from 'vitest'
import type { StageDevice } from '../../port/stage.ts'
import { between, leaderOf, placesOf } from './places.ts'

const device = (role: StageDevice['role'], term = 1): StageDevice => ({
  name: role,
  role,
  health: 'awake',
  wakesAtMs: 0,
  isApart: false,
  isSlow: false,
  term,
  entries: [],
  appliedIndex: 0,
  fileCount: 0,
  waitingCount: 0,
})

test('of two that think they lead it is the one of the newer term', () => {
  expect(leaderOf([device('leader', 3), device('leader', 5), device('voter', 6)])).toBe(1)
  expect(leaderOf([device('voter'), device('learner')])).toBe(null)
})

test('the tree has a row for each role, and no two devices in one place', () => {
  const devices = [device('voter'), device('learner'), device('leader', 2), device('leader', 1), device('voter')]
  const places = placesOf(devices)
  const [leading, voting, listening] = [places[2]!.y, places[0]!.y, places[1]!.y]
  expect(leading).toBeLessThan(voting)
  expect(voting).toBeLessThan(listening)
  expect(Math.abs(places[3]!.y - voting)).toBeLessThan(listening - voting)
  expect(new Set(places.map(({ x, y }) => `${x} ${y}`)).size).toBe(devices.length)
})

test('a message is as far as its share of the way', () => {
  expect(between({ x: 0, y: 10 }, { x: 100, y: 20 }, 0.25)).toEqual({ x: 25, y: 12.5 })
})
