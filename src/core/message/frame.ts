/**
 * Frames: how a stream of octets is cut into messages. u32 length ‖ kind ‖ payload; the length counts kind and payload.
 *
 * A receiver says how many octets of data it has taken, and a sender is never ahead of that by more than the window; so what a
 * peer can make a device hold is bounded, whatever path carries it.
 * @module
 */
import { type Bytes, type Result, accepted, concat, refused } from '../bytes/bytes.ts'

/** Octets of one message: a megabyte, and room for what wraps it. */
export const frameSizeBytesMax = 1024 * 1024 + 4096
/** Octets of data, with their heads, that may be under way and not taken. */
export const frameWindowBytes = 4 * 1024 * 1024
/** The same on each lane, until the other has taken the hello of who sends it. */
export const strangerWindowBytes = 64 * 1024
/** Frames of data on the control lane, with which a peer has said who it is; whether that is true shows a moment later. */
export const helloFrameCount = 2
/** Of a frame of data, beside its payload. */
export const frameHeadSizeBytes = 5

export type Frame =
  | { readonly kind: 'data'; readonly payload: Bytes }
  /** The sender of this has taken so many more octets of data, heads included. */
  | { readonly kind: 'taken'; readonly sizeBytes: number }
  /** A sign of life. */
  | { readonly kind: 'heartbeat' }
  /** The last frame: its sender closes. */
  | { readonly kind: 'goodbye' }

const kinds = ['data', 'taken', 'heartbeat', 'goodbye'] as const

/** @throws RangeError where the payload is too long */
export function encodeFrame(frame: Frame): Bytes {
  const payload = frame.kind === 'data' ? frame.payload : frame.kind === 'taken' ? u32(frame.sizeBytes) : empty
  if (payload.length > frameSizeBytesMax)
    throw new RangeError(`"payload" expected at most ${frameSizeBytesMax} bytes, got ${payload.length}`)
  return concat(u32(1 + payload.length), Uint8Array.of(kinds.indexOf(frame.kind)), payload)
}

const empty = new Uint8Array(0)

const u32 = (value: number): Bytes => {
  const octets = new Uint8Array(4)
  new DataView(octets.buffer).setUint32(0, value)
  return octets
}

export interface FrameReader {
  /**
   * Whatever the pieces are, the frames are the same. Each octet is copied once, into its frame.
   * @returns the frames that this piece completes; refused at the first octet that no frame can have, and ever after
   */
  read(piece: Uint8Array): Result<readonly Frame[]>
  /** Octets of the frame that is not complete yet; 0 between two frames. */
  readonly partialSizeBytes: number
}

const damaged = refused(
  'frameInvalid',
  'The other device sent something that is no message of Blocktree, so the connection to it was closed.',
)

/**
 * Reads a stream of frames, holding at most one that is not complete.
 * @param payloadSizeBytesMax what is allowed when the head of a frame comes; only then room is made for it
 */
export function createFrameReader(payloadSizeBytesMax = (): number => frameSizeBytesMax): FrameReader {
  const head = new Uint8Array(frameHeadSizeBytes)
  let headSizeBytes = 0
  let body: Bytes | null = null
  let bodySizeBytes = 0
  let isDamaged = false

  /** @returns null where the head is not one of a frame */
  const bodyOfHead = (): Bytes | null => {
    const sizeBytes = new DataView(head.buffer).getUint32(0) - 1
    const kind = kinds[head[4]!]
    const isFitting =
      kind === 'data' ? sizeBytes >= 0 && sizeBytes <= payloadSizeBytesMax() : sizeBytes === bodySizes[kind!]
    return kind && isFitting ? new Uint8Array(sizeBytes) : null
  }
  return {
    get partialSizeBytes() {
      return headSizeBytes + bodySizeBytes
    },
    read(piece) {
      const frames: Frame[] = []
      for (let at = 0; at < piece.length && !isDamaged;) {
        if (!body) {
          head[headSizeBytes++] = piece[at++]!
          if (headSizeBytes < frameHeadSizeBytes) continue
          body = bodyOfHead()
          isDamaged = body === null
        }
        if (!body) break
        const part = piece.subarray(at, at + body.length - bodySizeBytes)
        body.set(part, bodySizeBytes)
        at += part.length
        bodySizeBytes += part.length
        if (bodySizeBytes < body.length) continue
        const frame = frameOf(kinds[head[4]!]!, body)
        isDamaged = frame === null
        if (frame) frames.push(frame)
        body = null
        headSizeBytes = bodySizeBytes = 0
      }
      return isDamaged ? damaged : accepted(frames)
    },
  }
}

const bodySizes = { data: -1, taken: 4, heartbeat: 0, goodbye: 0 } as const

/** @returns null for what no sender says: to have taken nothing, or more than there can be */
function frameOf(kind: (typeof kinds)[number], body: Bytes): Frame | null {
  if (kind === 'data') return { kind, payload: body }
  if (kind !== 'taken') return { kind }
  const sizeBytes = new DataView(body.buffer).getUint32(0)
  return sizeBytes > 0 && sizeBytes <= frameWindowBytes ? { kind, sizeBytes } : null
}
