import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { Sequence } from './sequence.ts'

type Change = { readonly on: number } & ({ append: number[] } | { drop: number } | { take: number })
const changes: fc.Arbitrary<Change[]> = fc.array(
  fc.oneof(
    fc.record({ on: fc.nat(), append: fc.array(fc.integer(), { maxLength: 40 }) }),
    fc.record({ on: fc.nat(), drop: fc.nat(50) }),
    fc.record({ on: fc.nat(), take: fc.nat(50) }),
  ),
  { maxLength: 40 },
)

describe('a sequence', () => {
  test('is a list of which no version ever changes, however many grow from the same one', () => {
    fc.assert(
      fc.property(changes, (script) => {
        const versions: { sequence: Sequence<number>; model: number[] }[] = [{ sequence: Sequence.empty(), model: [] }]
        for (const change of script) {
          const { sequence, model } = versions[change.on % versions.length]!
          if ('append' in change)
            versions.push({ sequence: sequence.append(...change.append), model: [...model, ...change.append] })
          else if ('drop' in change)
            versions.push({ sequence: sequence.drop(change.drop), model: model.slice(change.drop) })
          else versions.push({ sequence: sequence.take(change.take), model: model.slice(0, change.take) })
        }
        for (const { sequence, model } of versions) {
          expect(sequence.slice()).toEqual(model)
          expect(sequence.length).toBe(model.length)
          expect([sequence.at(0), sequence.last(), sequence.at(-1), sequence.at(model.length)]).toEqual([
            model[0],
            model.at(-1),
            undefined,
            undefined,
          ])
        }
      }),
    )
  })

  test('is the very same one where nothing is added or taken away', () => {
    const two = Sequence.empty<string>().append('a', 'b')
    expect([two.append(), two.drop(0), two.take(2), two.take(3)].every((same) => same === two)).toBe(true)
  })

  test('is seen in parts', () => {
    const four = Sequence.empty<string>().append('-', 'a', 'b', 'c', 'd').drop(1)
    expect([four.slice(1), four.slice(1, 3), four.slice(0, 9), four.take(2).slice(0, 4)]).toEqual([
      ['b', 'c', 'd'],
      ['b', 'c'],
      ['a', 'b', 'c', 'd'],
      ['a', 'b'],
    ])
    expect([four.slice(2, 2), four.slice(2, 1), four.slice(0, -1)]).toEqual([[], [], []])
    expect([four.drop(4).length, four.drop(9).length, four.take(0).slice()]).toEqual([0, 0, []])
  })
})

describe('a queue', () => {
  /** How many elements are copied while something is done, each copy being a slice of an array. */
  function copiedCount(act: () => void): number {
    const { slice } = Array.prototype
    let count = 0
    const counting = vi.spyOn(Array.prototype, 'slice').mockImplementation(function (this: unknown[], from, to) {
      const copy = slice.call(this, from, to)
      count += copy.length
      return copy
    })
    act()
    counting.mockRestore()
    return count
  }

  test('that only grows is never copied', () => {
    let queue = Sequence.empty<number>()
    const grow = () => {
      for (let i = 0; i < 1000; i++) queue = queue.append(i)
    }
    expect(copiedCount(grow)).toBe(0)
    expect(queue.length).toBe(1000)
  })

  test('that grows and shrinks lets go what was dropped, and copies no more than was appended', () => {
    let queue = Sequence.empty<number>().append(...Array.from({ length: 10 }).keys())
    const pass = () => {
      for (let i = 10; i < 1000; i++) queue = queue.append(i).drop(1)
    }
    const count = copiedCount(pass)
    expect(count).toBeGreaterThan(0)
    expect(count).toBeLessThan(1000)
    expect(queue.slice()).toEqual([990, 991, 992, 993, 994, 995, 996, 997, 998, 999])
  })

  test('from which an older version has to grow is copied once', () => {
    const older = Sequence.empty<number>().append(1, 2, 3)
    const newer = older.append(4)
    expect(copiedCount(() => older.append(5).append(6))).toBe(3)
    expect(copiedCount(() => newer.append(5))).toBe(0)
  })
})
