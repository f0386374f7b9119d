import { expect, test } from 'vitest'
import { Trace } from './trace.ts'

const hashOf = (note: (trace: Trace) => void): string => {
  const trace = new Trace()
  note(trace)
  return trace.hash
}

test('the hash tells times, words and octets apart, down to a bit and to their order', () => {
  const hashes = [
    hashOf(() => {}),
    hashOf((trace) => trace.note(1, 'write')),
    hashOf((trace) => trace.note(2, 'write')),
    hashOf((trace) => trace.note(1, 'read')),
    hashOf((trace) => trace.note(1, 'write', Uint8Array.of(1, 2, 3, 4, 5))),
    hashOf((trace) => trace.note(1, 'write', Uint8Array.of(1, 2, 3, 4, 4))),
    hashOf((trace) => trace.note(1, 'write', Uint8Array.of(5, 4, 3, 2, 1))),
    hashOf((trace) => trace.note(1, 'write', new Uint8Array(5))),
    hashOf((trace) => trace.note(1, 'write', new Uint8Array(6))),
    hashOf((trace) => {
      trace.note(1, 'write')
      trace.note(1, 'write')
    }),
  ]
  expect(new Set(hashes).size).toBe(hashes.length)
  for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{16}$/)
})

test('telling is noting, and keeps the last lines', () => {
  const told = new Trace()
  const noted = new Trace()
  for (let i = 0; i < 100; i++) {
    told.tell(i, `line ${i}`)
    noted.note(i, `line ${i}`)
  }
  expect(told.hash).toBe(noted.hash)
  expect(told.story).toHaveLength(60)
  expect(told.story.at(-1)).toContain('line 99')
  expect(noted.story).toHaveLength(0)
})
