/**
 * What the page and its fragment workers say to each other: one question at a time, one answer each. Large octets are moved, not
 * copied, both ways.
 * @module
 */
import type { Bytes, Fault } from '../../core/bytes/bytes.ts'
import type { Stripe } from '../../core/fragment/fragment.ts'

/** Whose fragments these are. The fragment of encoding symbol id i is stored by storers[i]. */
export interface Sealing {
  readonly treeSecret: Bytes
  readonly setId: Bytes
  readonly storers: readonly Bytes[]
  readonly stripeIndex: number
}

/** All about one source block. */
export interface SourceBlockPlace {
  readonly stripe: Stripe
  readonly sourceBlock: number
  /** Octets of the content that it holds. */
  readonly sizeBytes: number
}

/** Where a source block comes from. */
export interface Cut extends SourceBlockPlace {
  readonly stripeIndex: number
  /** Its octets in the file. */
  readonly start: number
  readonly end: number
}

export type FragmentQuestion =
  /** How a file is cut, so that so many fragments bring it back. */
  | { readonly kind: 'cut'; readonly sizeBytes: number; readonly neededCount: number }
  /** The content's leaf that a source block is. */
  | { readonly kind: 'hash'; readonly content: Blob }
  | {
      readonly kind: 'encode'
      readonly content: Blob
      readonly place: SourceBlockPlace
      readonly sealing: Sealing
      readonly encodingSymbolIds: readonly number[]
    }
  /** The root over hashes of leaves, one after the other, which are moved. */
  | { readonly kind: 'root'; readonly leaves: Bytes }
  /** The pieces come back with the answer. */
  | {
      readonly kind: 'decode'
      readonly pieces: readonly Bytes[]
      readonly encodingSymbolIds: readonly number[]
      readonly place: SourceBlockPlace
      readonly sealing: Sealing
      /** What `hash` said of the content. */
      readonly leaf: Bytes
    }

export interface FragmentAnswers {
  readonly cut: {
    readonly cuts: readonly Cut[]
    readonly stripeCount: number
    /** Of a fragment, all its stripes together. */
    readonly fragmentSizeBytes: number
  }
  readonly hash: { readonly leaf: Bytes }
  readonly encode: {
    /** In the order of the ids. */
    readonly pieces: readonly Bytes[]
    /** The hashes of their leaves of 1 KiB, piece after piece. */
    readonly leaves: Bytes
  }
  readonly root: { readonly root: Bytes }
  readonly decode: { readonly pieces: readonly Bytes[]; readonly content: Bytes }
}
export type FragmentAnswer<K extends FragmentQuestion['kind'] = FragmentQuestion['kind']> =
  | { readonly ok: true; readonly value: FragmentAnswers[K] }
  | { readonly ok: false; readonly fault: Fault; readonly pieces: readonly Bytes[] }

/** What is moved with a message. */
export const movedOf = (octets: readonly Bytes[]): ArrayBuffer[] => octets.map(({ buffer }) => buffer)
