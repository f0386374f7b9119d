import type { Stream } from '@libp2p/interface'
import { expect, test } from 'vitest'
import { LaneStream } from './lane.ts'

const noEvents = { onFault() {}, onLife() {}, onGoodbye() {}, onFrameTaken() {}, onReport() {} }
const periodMs = 20_000

/** A lane, and what brings octets to it. */
function laneWith() {
  let bring: (octets: Uint8Array) => void = () => {}
  const stream = {
    writeStatus: 'writable',
    send: () => true,
    addEventListener: (_: string, hear: (event: unknown) => void) =>
      (bring = (octets) => hear({ data: { subarray: () => octets } })),
  }
  const lane = new LaneStream(stream as unknown as Stream, noEvents)
  lane.widenHere()
  return { lane, bring: (octets: Uint8Array) => bring(octets) }
}
/** The head of a frame of data of a mebibyte. */
const head = Uint8Array.of(0, 0x10, 0, 1, 0)

test('frames that come whole, however seldom, keep no place occupied', () => {
  const { lane, bring } = laneWith()
  for (let period = 0; period < 5; period++) {
    bring(Uint8Array.of(0, 0, 0, 2, 0, 7))
    expect(lane.isStuck(period * periodMs)).toBe(false)
  }
})

test.each([
  ['an octet now and then', 1, true],
  ['so slowly that it only keeps a place occupied', 16 * 1024 - 1, true],
  ['slowly', 16 * 1024, false],
])('a frame that comes by %s', (_, bytesPerPeriod, isStuck) => {
  const { lane, bring } = laneWith()
  expect(lane.isStuck(0)).toBe(false)
  bring(head)
  expect(lane.isStuck(0)).toBe(false)
  for (let period = 1; period <= 5; period++) {
    bring(new Uint8Array(bytesPerPeriod))
    expect(lane.isStuck(period * periodMs - 1)).toBe(false)
    expect(lane.isStuck(period * periodMs)).toBe(isStuck)
    if (isStuck) return
  }
})
