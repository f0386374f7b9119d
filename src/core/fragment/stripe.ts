/**
 * Stripes: how a block of any size is coded (design §14), and the order in which its octets travel.
 *
 * A stripe is at most 64 MiB and consists of source blocks, all of K symbols of one size. A fragment is the symbols of one
 * encoding symbol id over all source blocks of its stripe, each sealed by itself as a piece. So a stripe streams in and out
 * source block by source block, and the fragments grow by a piece each.
 * @module
 */
import { type Check, paddedSizeOf, refused } from '../bytes/bytes.ts'
import {
  BlockDecoder,
  BlockEncoder,
  type Kernel,
  type Plan,
  type TransmissionInfo,
  encodingSymbolIdMax,
} from '../raptorq/raptorq.ts'

export const stripeSizeBytesMax = 64 * 1024 * 1024
/** Leaves of the Merkle tree of a fragment. */
export const leafSizeBytes = 1024
/** By which a sealed piece is longer than its symbol: the tag. */
export const pieceTagSizeBytes = 16
/** Symbols are of at most 65,535 octets (RFC 6330 §3.3.2); sealed they are whole leaves. */
const pieceSizeBytesMax = 63 * leafSizeBytes
const symbolSizeBytesMax = pieceSizeBytesMax - pieceTagSizeBytes
/** Of the RFC's header. */
const sourceBlockCountMax = 255
/** Symbols are multiples of it: rows of 16 octets suit the kernel. */
const alignmentBytes = 16

/** Below it all sizes are one: the fragments of most sets are of a leaf and more each. */
const codedSizeBytesMin = 4096

/** What is coded of a content: it, and zeros up to this size, which many have. */
export const codedSizeOf = (contentSizeBytes: number): number =>
  paddedSizeOf(Math.max(contentSizeBytes, codedSizeBytesMin))

/** With so many source symbols a stripe of 64 MiB still has at least four source blocks. */
export const sourceSymbolCountOfStripeMax = 254
/** Fragments beyond K: any K + 2 fail to bring a stripe back once in a million times. */
export const overheadFragmentCount = 2

export interface Stripe {
  /** Where it begins in the block. */
  readonly startBytes: number
  /** Octets of the block that it holds; what its source blocks have beyond is zero. */
  readonly sizeBytes: number
  /** Source symbols of every source block. */
  readonly K: number
  /** Octets of a symbol. */
  readonly T: number
  /** Source blocks, and so pieces of a fragment. */
  readonly Z: number
}

/** Of every stripe but the last. */
function fullStripe(K: number) {
  if (!Number.isInteger(K) || K < 1 || K > sourceSymbolCountOfStripeMax)
    throw new RangeError(`"K" expected 1..${sourceSymbolCountOfStripeMax}, got ${K}`)
  const sourceBlockSizeBytes = K * symbolSizeBytesMax
  const blockCount = Math.min(sourceBlockCountMax, Math.floor(stripeSizeBytesMax / sourceBlockSizeBytes))
  return { sourceBlockSizeBytes, sizeBytes: blockCount * sourceBlockSizeBytes }
}

export function stripeCountOf(blockSizeBytes: number, K: number): number {
  if (!Number.isSafeInteger(blockSizeBytes) || blockSizeBytes < 0)
    throw new RangeError(`"blockSizeBytes" expected 0..2^53-1, got ${blockSizeBytes}`)
  return Math.ceil(blockSizeBytes / fullStripe(K).sizeBytes)
}

/** A stripe of a block: all are full but the last, whose symbols are smaller as far as they can be. @returns null past the end */
export function stripeAt(blockSizeBytes: number, K: number, index: number): Stripe | null {
  if (!Number.isInteger(index) || index < 0 || index >= stripeCountOf(blockSizeBytes, K)) return null
  const full = fullStripe(K)
  const startBytes = index * full.sizeBytes
  const sizeBytes = Math.min(full.sizeBytes, blockSizeBytes - startBytes)
  const Z = Math.ceil(sizeBytes / full.sourceBlockSizeBytes)
  const leafCount = Math.ceil((Math.ceil(sizeBytes / (K * Z)) + pieceTagSizeBytes) / leafSizeBytes)
  return { startBytes, sizeBytes, K, T: leafCount * leafSizeBytes - pieceTagSizeBytes, Z }
}

/** All of them, in their order: for a block that is at hand. */
export const stripesOf = (blockSizeBytes: number, K: number): readonly Stripe[] =>
  Array.from({ length: stripeCountOf(blockSizeBytes, K) }, (_, index) => stripeAt(blockSizeBytes, K, index)!)

/** The stripe as RFC 6330 names it. Its object is filled up with zeros, so that every source block has K symbols. */
export const transmissionInfoOf = ({ K, T, Z }: Stripe): TransmissionInfo => ({
  F: K * T * Z,
  T,
  Z,
  N: 1,
  Al: alignmentBytes,
})

export const pieceSizeBytesOf = ({ T }: Stripe): number => T + pieceTagSizeBytes
export const fragmentSizeBytesOf = (stripe: Stripe): number => stripe.Z * pieceSizeBytesOf(stripe)

/** Where a source block's octets lie in the block. @returns an empty range where it is all filling */
export function sourceRangeOf(stripe: Stripe, sourceBlock: number): { readonly start: number; readonly end: number } {
  const { startBytes, sizeBytes, K, T } = stripe
  const start = Math.min(sizeBytes, sourceBlock * K * T)
  const end = Math.min(sizeBytes, (sourceBlock + 1) * K * T)
  return { start: startBytes + start, end: startBytes + end }
}

/**
 * Makes symbols of one source block.
 * @param octets those of `sourceRangeOf`
 * @param encodingSymbolIds of the fragments that are made
 * @param use gets each symbol; its octets are valid during the call only
 */
export function encodeSourceBlock(
  kernel: Kernel,
  { K, T }: Stripe,
  octets: Uint8Array,
  encodingSymbolIds: readonly number[],
  use: (encodingSymbolId: number, symbol: Uint8Array) => void,
): void {
  const encoder = new BlockEncoder(kernel, K, T)
  for (let id = 0; id < K; id++) {
    const row = encoder.source(id)
    const part = octets.subarray(id * T, (id + 1) * T)
    row.set(part)
    row.fill(0, part.length)
  }
  encoder.symbols(encodingSymbolIds, (index, symbol) => use(encodingSymbolIds[index]!, symbol))
}

/** Brings source blocks of one stripe back from the same fragments, with one plan for all. */
export class StripeDecoder {
  readonly #kernel: Kernel
  readonly #stripe: Stripe
  readonly #encodingSymbolIds: readonly number[]
  #plan: Plan | 'complete' | null | undefined

  /** @param encodingSymbolIds of the fragments that are at hand, all different */
  constructor(kernel: Kernel, stripe: Stripe, encodingSymbolIds: readonly number[]) {
    this.#kernel = kernel
    this.#stripe = stripe
    this.#encodingSymbolIds = encodingSymbolIds
  }

  /**
   * @param symbols in the order of the fragments
   * @param octets takes those of `sourceRangeOf`
   * @returns refused where the fragments are too few
   */
  decode(symbols: readonly Uint8Array[], octets: Uint8Array): Check {
    const { K, T } = this.#stripe
    if (symbols.length !== this.#encodingSymbolIds.length)
      return refused('symbolInvalid', 'A piece is missing from one of the fragments; they were not used.')
    const decoder = new BlockDecoder(this.#kernel, K, T)
    for (let index = 0; index < symbols.length; index++) {
      const taken = decoder.add(this.#encodingSymbolIds[index]!, symbols[index]!)
      if (!taken.ok) return taken
    }
    this.#plan ??= decoder.plan()
    return decoder.decode((id, symbol) => {
      const left = octets.length - id * T
      if (left > 0) octets.set(symbol.subarray(0, left), id * T)
    }, this.#plan)
  }
}

/** Whether it may be the id of a fragment. */
export const isFragmentId = (id: number): boolean => Number.isInteger(id) && id >= 0 && id <= encodingSymbolIdMax
