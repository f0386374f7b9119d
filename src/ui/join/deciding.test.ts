import { describe, expect, test } from 'vitest'
import type { Decider, DeviceLine } from '../../node/api.ts'
import { decidingOf, neededOf } from './deciding.ts'
import { joinWords } from './words.ts'

const { lines, now: nowSentence, away } = joinWords.deciders

const line = (name: string, role: DeviceLine['role'], path: DeviceLine['path'], more: Partial<DeviceLine> = {}) => ({
  ...{ principal: `id of ${name}`, name, isThis: path === 'this', role, path, lastSeenAtMs: null, admittedAtMs: 1 },
  ...{ heldBytes: null, expiresAtMs: 2, limited: null, report: null, ...more },
})
const laptop = line('Laptop', 'voter', 'this')
const phone = line('Phone', 'learner', 'direct')
const desk = line('Desk', 'learner', 'away')
const guest = line('Guest', 'learner', 'direct', { limited: { folderName: 'mail', mayWrite: true, expiresAtMs: 3 } })
const devices = [laptop, phone, desk, guest]
const decider = (...appointed: readonly DeviceLine[]): Decider => ({
  ...{ quorum: 'here', generation: 1, deviceName: 'Laptop', principal: '', lastSeenAtMs: 0 },
  appointed: appointed.length === 0 ? null : appointed.map(({ principal }) => principal),
})
const names = (of: readonly DeviceLine[]): readonly string[] => of.map(({ name }) => name)

describe('how far a choice has come', () => {
  test.each([
    { title: 'nobody has chosen', appointed: [], isChanging: false, awaited: [] },
    { title: 'it is as it was chosen', appointed: [laptop], isChanging: false, awaited: [] },
    { title: 'another one is on its way', appointed: [laptop, phone], isChanging: true, awaited: [] },
    { title: 'one of them is away', appointed: [phone, desk], isChanging: true, awaited: ['Desk'] },
  ])('$title', ({ appointed, isChanging, awaited }) => {
    const deciding = decidingOf(decider(...appointed), devices)
    expect(names(deciding.now)).toEqual(['Laptop'])
    expect(deciding.isChanging).toBe(isChanging)
    expect(names(deciding.awaited)).toEqual(awaited)
  })
})

test.each([
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 3],
  [5, 3],
  [7, 4],
])('of %i that decide %i must confirm', (count, needed) => {
  expect(neededOf(count)).toBe(needed)
})

describe('in words', () => {
  const told = (...chosen: readonly DeviceLine[]): string =>
    lines(devices, new Set(chosen.map(({ principal }) => principal))).join(' ')
  test.each([
    { title: 'nobody', chosen: [], says: /^Choose at least one\.$/ },
    { title: 'one', chosen: [phone], says: /While it is away/ },
    { title: 'two', chosen: [laptop, phone], says: /^Both are needed/ },
    {
      title: 'three, one of them away',
      chosen: [laptop, phone, desk],
      says: /Any two .* one may be away\. Desk is away/,
    },
  ])('what follows for $title', ({ chosen, says }) => {
    expect(told(...chosen)).toMatch(says)
  })
  test('one that decides already and is away keeps nobody waiting', () => {
    const gone = { ...desk, role: 'voter' as const }
    const own = [laptop, phone, gone]
    expect(lines(own, new Set(own.map(({ principal }) => principal))).join(' ')).not.toMatch(/is away\. Until/)
  })
  test('who decides now, and who is missing where that can not be changed', () => {
    expect(nowSentence([laptop])).toMatch(/^Laptop confirms every change/)
    expect(nowSentence([laptop, phone, desk])).toMatch(
      /^Laptop, Phone, and Desk confirm every change together\. Any two/,
    )
    expect(away([laptop, desk])).toMatch(/two of them must agree .* Only Laptop is there\.$/)
    expect(away([desk])).toMatch(/^Desk decides, and is away/)
  })
})
