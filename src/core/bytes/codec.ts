/**
 * Wire formats as values: one declaration gives the type, the encoder and a decoder that refuses every other form.
 *
 * Everything signed or stored is deterministic CBOR (RFC 8949 §4.2) made of arrays in fixed positions, unsigned integers,
 * byte strings, text, booleans and null; no maps, floats or tags. A decoded value re-encodes to the very bytes it came from,
 * so that a signature over the bytes is a signature over the value.
 * @module
 */
import { decode as cborDecode, encode as cborEncode, encodeInto as cborEncodeInto } from 'cborg'
import { type Result, accepted, refused } from './fault.ts'
import { type Bytes, copy, equal } from './octets.ts'

/** What CBOR may hold here. */
export type Item = number | boolean | null | string | Uint8Array | readonly Item[]

/** A format. `parse` throws `FormatError` on any item that is not exactly of the format; only `decode` is called from outside. */
export interface Codec<T> {
  readonly pack: (value: T) => Item
  readonly parse: (item: unknown) => T
}
export type Decoded<C> = C extends Codec<infer T> ? T : never

// A codec takes and gives its type, so it is invariant, and no other bound would admit fields of every type.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyCodec = Codec<any>

class FormatError extends Error {
  override name = 'FormatError'
}
const mismatch = (expected: string): never => {
  throw new FormatError(`expected ${expected}`)
}

/** Most records fit; writing them into one place first saves the pieces that a list of unknown length is made of. */
const scratch = new Uint8Array(64 * 1024)

/** @returns octets that the next call may overwrite */
function write(item: Item): Uint8Array {
  try {
    return scratch.subarray(0, cborEncodeInto(item, scratch).written)
  } catch {
    // It did not fit, the one thing that fails here which does not fail there.
    return cborEncode(item)
  }
}

export const encode = <T>(codec: Codec<T>, value: T): Bytes => copy(write(codec.pack(value)))

const strict = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowNaN: false,
  allowInfinity: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
  useMaps: true,
} as const

/**
 * Decodes bytes from anywhere.
 * @param sizeBytesMax longer input is refused unread
 */
export function decode<T>(codec: Codec<T>, octets: Uint8Array, sizeBytesMax: number): Result<T> {
  if (octets.length > sizeBytesMax)
    return refused('formatTooLong', 'This record is longer than any real one; it was not read.')
  try {
    const value = codec.parse(cborDecode(octets, strict))
    if (equal(write(codec.pack(value)), octets)) return accepted(value)
  } catch {
    // cborg reports bad input by throwing; every such case means the same here.
  }
  return refused('formatInvalid', 'This record is damaged or was not made by Blocktree; it was not read.')
}

export const u53: Codec<number> = {
  pack: (value) => {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`"u53" expected 0..2^53-1, got ${value}`)
    return value
  },
  parse: (item) =>
    Number.isSafeInteger(item) && (item as number) >= 0 && !Object.is(item, -0) ? (item as number) : mismatch('u53'),
}

export const bool: Codec<boolean> = {
  pack: (value) => value,
  parse: (item) => (typeof item === 'boolean' ? item : mismatch('boolean')),
}

/** A byte string of exactly `sizeBytes`. */
export const bytesOf = (sizeBytes: number): Codec<Bytes> => ({
  pack: (value) => {
    if (value.length !== sizeBytes) throw new RangeError(`"bytes" expected ${sizeBytes} bytes, got ${value.length}`)
    return value
  },
  parse: (item) =>
    item instanceof Uint8Array && item.length === sizeBytes ? copy(item) : mismatch(`${sizeBytes} bytes`),
})

/** A byte string of at most `sizeBytesMax`. */
export const bytesUpTo = (sizeBytesMax: number): Codec<Bytes> => ({
  pack: (value) => {
    if (value.length > sizeBytesMax)
      throw new RangeError(`"bytes" expected at most ${sizeBytesMax} bytes, got ${value.length}`)
    return value
  },
  parse: (item) => (item instanceof Uint8Array && item.length <= sizeBytesMax ? copy(item) : mismatch('bytes')),
})

export const textUpTo = (lengthMax: number): Codec<string> => ({
  pack: (value) => {
    if (value.length > lengthMax)
      throw new RangeError(`"text" expected at most ${lengthMax} characters, got ${value.length}`)
    return value
  },
  parse: (item) => (typeof item === 'string' && item.length <= lengthMax ? item : mismatch('text')),
})

/** One fixed value, such as the kind or the version at the head of a record. */
export const literal = <const T extends string | number>(expected: T): Codec<T> => ({
  pack: () => expected,
  parse: (item) => (item === expected ? expected : mismatch(String(expected))),
})

export const nullable = <T>(codec: Codec<T>): Codec<T | null> => ({
  pack: (value) => (value === null ? null : codec.pack(value)),
  parse: (item) => (item === null ? null : codec.parse(item)),
})

export const listOf = <T>(codec: Codec<T>, countMax: number): Codec<readonly T[]> => ({
  pack: (value) => {
    if (value.length > countMax) throw new RangeError(`"list" expected at most ${countMax} items, got ${value.length}`)
    return value.map(codec.pack)
  },
  parse: (item) => (Array.isArray(item) && item.length <= countMax ? item.map(codec.parse) : mismatch('list')),
})

type FieldsOf<F> = { readonly [K in keyof F]: Decoded<F[K]> }

/**
 * A record as a CBOR array: kind, version, then the fields in the order written here.
 * The kind is spelled out on the wire, so no record can be taken for another.
 */
export function record<const K extends string, F extends Record<string, AnyCodec>>(
  kind: K,
  version: number,
  fields: F,
): Codec<FieldsOf<F>> {
  const entries = Object.entries(fields)
  return {
    pack: (value) => [
      kind,
      version,
      ...entries.map(([name, codec]) => codec.pack((value as Record<string, unknown>)[name])),
    ],
    parse: (item) => {
      if (!Array.isArray(item) || item.length !== entries.length + 2) return mismatch(kind)
      if (item[0] !== kind || item[1] !== version) return mismatch(`${kind} version ${version}`)
      const value: Record<string, unknown> = {}
      entries.forEach(([name, codec], position) => (value[name] = codec.parse(item[position + 2])))
      return value as FieldsOf<F>
    },
  }
}

/** Positions without a head, for parts of a record. */
export function tuple<F extends Record<string, AnyCodec>>(fields: F): Codec<FieldsOf<F>> {
  const entries = Object.entries(fields)
  return {
    pack: (value) => entries.map(([name, codec]) => codec.pack((value as Record<string, unknown>)[name])),
    parse: (item) => {
      if (!Array.isArray(item) || item.length !== entries.length) return mismatch('tuple')
      const value: Record<string, unknown> = {}
      entries.forEach(([name, codec], position) => (value[name] = codec.parse(item[position])))
      return value as FieldsOf<F>
    },
  }
}

/** One of several formats, told apart by `tag`, which is the first position on the wire. */
export function union<V extends { readonly [T in string]: AnyCodec }>(
  variants: V,
): Codec<{ [T in keyof V]: { readonly tag: T; readonly value: Decoded<V[T]> } }[keyof V]> {
  return {
    pack: ({ tag, value }) => [tag as string, variants[tag as string]!.pack(value)],
    parse: (item) => {
      if (!Array.isArray(item) || item.length !== 2 || typeof item[0] !== 'string' || !Object.hasOwn(variants, item[0]))
        return mismatch('a known variant')
      return { tag: item[0], value: variants[item[0]]!.parse(item[1]) } as never
    },
  }
}

/** A format with a narrower type, or one that must hold a condition beyond its shape. */
export const refine = <T, U>(codec: Codec<T>, narrow: (value: T) => U | null, widen: (value: U) => T): Codec<U> => ({
  pack: (value) => codec.pack(widen(value)),
  parse: (item) => narrow(codec.parse(item)) ?? mismatch('a valid value'),
})
