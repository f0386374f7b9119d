import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { plainKernel } from '../../core/raptorq/raptorq.ts'
import { recognisesRaptorq, runRaptorq } from './raptorq.ts'

const vectorsPath = fileURLToPath(
  new URL('../../../../shared/vectors/raptorq/raptorq-vectors-open.json', import.meta.url),
)

describe('files of vectors', () => {
  test.each([
    { name: 'all three lists', json: { meta: {}, sym: [], rank: [], obj: [] }, known: true },
    { name: 'one list', json: { rank: [] }, known: true },
    { name: 'notes alone', json: { meta: {} }, known: false },
    { name: 'something else beside', json: { sym: [], note: '' }, known: true },
    { name: 'other cases', json: { sym: [{ id: 'one', key: '00' }] }, known: false },
    { name: 'a list', json: [], known: false },
    { name: 'nothing', json: null, known: false },
  ])('$name', ({ json, known }) => expect(recognisesRaptorq(json)).toBe(known))

  test('a wrong expectation is found', () => {
    const symbols = [{ esi: 3, hex: '7197fd54' }]
    const wrong = { sym: [{ id: 'wrong', K: 3, T: 4, seed: 1195701217, symbols }] }
    expect(runRaptorq('wrong.json', wrong, plainKernel).failures).toEqual(['wrong: symbols 3 differ'])
    const right = { sym: [{ ...wrong.sym[0]!, symbols: [{ esi: 3, hex: '7197fd53' }] }] }
    expect(runRaptorq('right.json', right, plainKernel).passed).toBe(1)
  })
})

// The data is not part of this repository; where it is not at hand this says so.
describe.skipIf(!existsSync(vectorsPath))('RFC 6330 vectors beside this repository', () => {
  test('all pass by the kernel', { timeout: 120_000 }, () => {
    const { passed, failures } = runRaptorq(vectorsPath, JSON.parse(readFileSync(vectorsPath, 'utf8')))
    expect(failures).toEqual([])
    expect(passed).toBe(86)
  })
  test('the small ones pass by the reference', { timeout: 120_000 }, () => {
    const { sym, ...others } = JSON.parse(readFileSync(vectorsPath, 'utf8')) as { sym: { K: number; T: number }[] }
    const small = { ...others, sym: sym.filter(({ K, T }) => K * T < 1_000_000) }
    expect(runRaptorq(vectorsPath, small as object, plainKernel).failures).toEqual([])
  })
})
