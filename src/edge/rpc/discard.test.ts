import { expect, test } from 'vitest'
import { discard, passed } from './discard.ts'

test('nothing is left of a buffer, however many views of it are given', () => {
  const whole = new Uint8Array(100_000)
  const part = whole.subarray(3, 50)
  const other = new Uint8Array(64)
  discard(whole, part, other)
  expect([whole.buffer.byteLength, part.length, other.length]).toEqual([0, 0, 0])
})
test('what is gone already, and nothing at all, may be given too', () => {
  const gone = new Uint8Array(8)
  discard(gone)
  expect(() => discard()).not.toThrow()
})

test('a collector comes for what went by', async () => {
  let isCollected = false
  const registry = new FinalizationRegistry(() => (isCollected = true))
  registry.register(new Uint8Array(1000), null)
  for (let count = 0; count < 500 && !isCollected; count++) {
    passed(8 << 20)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(isCollected).toBe(true)
})
