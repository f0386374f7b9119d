import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
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
        const versions: { sequence: Sequence<number>; model: number[] }[] = [{ sequence: Sequence.of(), model: [] }]
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
})
