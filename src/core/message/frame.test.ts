import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, concat, equal, must, toHex, utf8 } from '../bytes/bytes.ts'
import { damaged } from '../crypto/testing/damage.ts'
import {
  type Frame,
  createFrameReader,
  encodeFrame,
  frameHeadSizeBytes,
  frameSizeBytesMax,
  frameWindowBytes,
} from './message.ts'

const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((payload) => ({ kind: 'data' as const, payload: Uint8Array.from(payload) })),
  fc.integer({ min: 1, max: frameWindowBytes }).map((sizeBytes) => ({ kind: 'taken' as const, sizeBytes })),
  fc.constantFrom<Frame>({ kind: 'heartbeat' }, { kind: 'goodbye' }),
)

test('golden', () => {
  const written = [
    { kind: 'data', payload: utf8('leaf') },
    { kind: 'taken', sizeBytes: 262_144 },
    { kind: 'heartbeat' },
    { kind: 'goodbye' },
  ] as const
  expect(written.map((frame) => toHex(encodeFrame(frame)))).toEqual([
    '00000005006c656166',
    '000000050100040000',
    '0000000102',
    '0000000103',
  ])
})

test('frames come out as they went in, however the octets were cut', () => {
  const pieces = fc.array(fc.nat(400), { maxLength: 30 })
  fc.assert(
    fc.property(fc.array(frames, { maxLength: 8 }), pieces, (sent, cuts) => {
      const octets = concat(...sent.map(encodeFrame))
      const reader = createFrameReader()
      const read: Frame[] = []
      let at = 0
      for (const sizeBytes of [...cuts, octets.length]) {
        read.push(...must(reader.read(octets.subarray(at, at + sizeBytes))))
        at += sizeBytes
      }
      expect(read).toEqual(sent)
      expect(reader.partialSizeBytes).toBe(0)
    }),
  )
})

test('what is damaged is refused, waits for more, or is another frame, and re-encodes to the same octets', () => {
  fc.assert(
    fc.property(
      frames.chain((frame) => damaged(encodeFrame(frame))),
      (octets) => {
        const reader = createFrameReader()
        const read = reader.read(octets)
        // And it stays so.
        if (!read.ok) return !reader.read(encodeFrame({ kind: 'heartbeat' })).ok
        const whole = concat(...read.value.map(encodeFrame))
        return equal(whole, octets.slice(0, whole.length)) && reader.partialSizeBytes === octets.length - whole.length
      },
    ),
  )
})

describe('refused at the head, before anything is allocated', () => {
  const head = (sizeBytes: number, kind: number): Bytes => {
    const octets = new Uint8Array(5)
    new DataView(octets.buffer).setUint32(0, sizeBytes)
    octets[4] = kind
    return octets
  }
  test.each([
    { name: 'a gigabyte', octets: head(2 ** 30, 0) },
    { name: 'the most that 32 bits can say', octets: head(2 ** 32 - 1, 0) },
    { name: 'one octet more than a frame can have', octets: head(frameSizeBytesMax + 2, 0) },
    { name: 'a length of nothing', octets: head(0, 0) },
    { name: 'an unknown kind', octets: head(1, 4) },
    { name: 'a heartbeat with a body', octets: head(2, 2) },
    { name: 'a report that is too short', octets: head(4, 1) },
    { name: 'a report of nothing', octets: concat(head(5, 1), new Uint8Array(4)) },
    { name: 'a report of more than the window', octets: concat(head(5, 1), Uint8Array.of(0, 0x40, 0, 1)) },
  ])('$name', ({ octets }) => {
    const read = createFrameReader().read(octets)
    expect(read.ok ? null : read.fault.code).toBe('frameInvalid')
  })

  test('what is longer than is allowed when its head comes', () => {
    let allowedBytes = 64
    const reader = createFrameReader(() => allowedBytes)
    const frame = encodeFrame({ kind: 'data', payload: new Uint8Array(64) })
    expect(must(reader.read(frame))).toHaveLength(1)
    allowedBytes = 63
    expect(reader.read(frame.subarray(0, frameHeadSizeBytes)).ok).toBe(false)
  })

  test('the longest frame is not', () => {
    const payload = new Uint8Array(frameSizeBytesMax)
    expect(must(createFrameReader().read(encodeFrame({ kind: 'data', payload })))).toHaveLength(1)
    expect(() => encodeFrame({ kind: 'data', payload: new Uint8Array(frameSizeBytesMax + 1) })).toThrow(RangeError)
  })
})
