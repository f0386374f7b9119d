/**
 * Wire formats as values: one declaration gives the type, the encoder and a decoder that refuses every other form.
 *
 * Everything signed or stored is deterministic CBOR (RFC 8949 §4.2) made of arrays in fixed positions, unsigned integers,
 * byte strings, text, booleans and null; no maps, floats or tags. A decoded value re-encodes to the very bytes it came from,
 * so that a signature over the bytes is a signature over the value.
 * @module
 */
import { decode as cborDecode, encode as cborEncode, encodeInto as cborEncodeInto } from 'cborg'
import { type Fault, type Refused, type Result, accepted, refused } from './fault.ts'
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
  readonly fault: Fault
  constructor({ fault }: Refused, expected = fault.code) {
    super(`expected ${expected}`)
    this.fault = fault
  }
}

const tooLong = refused('formatTooLong', 'This record is longer than any real one; it was not read.')
const notCanonical = refused('formatInvalid', 'This record is damaged or was not made by Blocktree; it was not read.')
const otherFormat = refused('formatMismatch', 'This record is not of the kind that belongs here; it was not used.')
const otherVersion = refused(
  'versionUnknown',
  'This record was made by another version of Blocktree. Reload the page to get the newest one.',
)

/** Ends a `parse` of an item that is not of the format. @param expected what belongs there */
export const mismatch = (expected: string): never => {
  throw new FormatError(otherFormat, expected)
}
/** Ends a `parse` for a cause of its own. */
const refuse = (refusal: Refused): never => {
  throw new FormatError(refusal)
}

/** A format within the octets of another, for its `parse`: why the inner one was refused is why the outer one is. */
export const parsed = <T>(result: Result<T>): T => (result.ok ? result.value : refuse(result))

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

/** Lists within lists; no format goes half as deep. */
const nestingMax = 32

/** Whether lists lie within each other deeper than any engine minds. What is no CBOR at all is left to who decodes. */
function isNestedTooDeep(octets: Uint8Array): boolean {
  /** How many items each open list still lacks. */
  const lacking: number[] = []
  for (let at = 0; at < octets.length;) {
    const head = octets[at++]!
    const [major, short] = [head >> 5, head & 31]
    let argument = short
    if (short >= 24) {
      if (short > 27) return false
      argument = 0
      for (const end = at + (1 << (short - 24)); at < end; at++) argument = argument * 256 + (octets[at] ?? 0)
    }
    if (major === 2 || major === 3) at += argument
    const isOpening = major > 3 && major < 7
    if (isOpening && lacking.length === nestingMax) return true
    if (isOpening && argument > 0) {
      lacking.push(major === 4 ? argument : major === 5 ? 2 * argument : 1)
      continue
    }
    while (lacking.length > 0 && --lacking[lacking.length - 1]! === 0) lacking.pop()
  }
  return false
}

/**
 * Decodes bytes from anywhere.
 * @param sizeBytesMax longer input is refused unread
 * @returns the value, or the first of: too long, nested too deep, not CBOR as it is allowed here, what `codec` refuses, not the one encoding
 */
export function decode<T>(codec: Codec<T>, octets: Uint8Array, sizeBytesMax: number): Result<T> {
  if (octets.length > sizeBytesMax) return tooLong
  if (isNestedTooDeep(octets)) return notCanonical
  let item: unknown
  try {
    // From a plain array cborg gives each byte string as octets of its own; of a subclass it would give views.
    item = cborDecode(octets.constructor === Uint8Array ? octets : copy(octets), strict)
  } catch {
    // cborg reports bad input by throwing; every such case means the same here.
    return notCanonical
  }
  try {
    const value = codec.parse(item)
    return equal(write(codec.pack(value)), octets) ? accepted(value) : notCanonical
  } catch (error) {
    if (error instanceof FormatError) return { ok: false, fault: error.fault }
    // What parses and does not pack is of no format either; any other error is our own mistake.
    if (error instanceof RangeError) return otherFormat
    throw error
  }
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
    item instanceof Uint8Array && item.length === sizeBytes ? (item as Bytes) : mismatch(`${sizeBytes} bytes`),
})

/** A byte string of at most `sizeBytesMax`. */
export const bytesUpTo = (sizeBytesMax: number): Codec<Bytes> => ({
  pack: (value) => {
    if (value.length > sizeBytesMax)
      throw new RangeError(`"bytes" expected at most ${sizeBytesMax} bytes, got ${value.length}`)
    return value
  },
  parse: (item) =>
    item instanceof Uint8Array ? (item.length <= sizeBytesMax ? (item as Bytes) : refuse(tooLong)) : mismatch('bytes'),
})

/** Decoders of UTF-8 take a byte order mark at the beginning for none of the text, so a text that has one would not come back. */
export const textUpTo = (lengthMax: number): Codec<string> => ({
  pack: (value) => {
    if (value.length > lengthMax)
      throw new RangeError(`"text" expected at most ${lengthMax} characters, got ${value.length}`)
    if (value.startsWith('\ufeff')) throw new RangeError('"text" expected no byte order mark, got one')
    return value
  },
  parse: (item) => (typeof item === 'string' ? (item.length <= lengthMax ? item : refuse(tooLong)) : mismatch('text')),
})

/** One fixed value. @param refusal why another one is refused */
export const literal = <const T extends string | number>(expected: T, refusal: Refused): Codec<T> => ({
  pack: () => expected,
  parse: (item) => (item === expected ? expected : refuse(refusal)),
})

export const nullable = <T>(codec: Codec<T>): Codec<T | null> => ({
  pack: (value) => (value === null ? null : codec.pack(value)),
  parse: (item) => (item === null ? null : codec.parse(item)),
})

/** @param refusal why a longer one is refused */
export const listOf = <T>(codec: Codec<T>, countMax: number, refusal = tooLong): Codec<readonly T[]> => ({
  pack: (value) => {
    if (value.length > countMax) throw new RangeError(`"list" expected at most ${countMax} items, got ${value.length}`)
    return value.map(codec.pack)
  },
  parse: (item) =>
    Array.isArray(item) ? (item.length <= countMax ? item.map(codec.parse) : refuse(refusal)) : mismatch('list'),
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
      if (!Array.isArray(item) || item[0] !== kind) return mismatch(kind)
      if (item[1] !== version) return Number.isSafeInteger(item[1]) ? refuse(otherVersion) : mismatch(kind)
      if (item.length !== entries.length + 2) return mismatch(kind)
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

/**
 * A format with a narrower type, or one that must hold a condition beyond its shape.
 * @param refusal why a value that does not is refused
 */
export const refine = <T, U>(
  codec: Codec<T>,
  narrow: (value: T) => U | null,
  widen: (value: U) => T,
  refusal = otherFormat,
): Codec<U> => ({
  pack: (value) => codec.pack(widen(value)),
  parse: (item) => narrow(codec.parse(item)) ?? refuse(refusal),
})

/** What a body says, the very octets that are signed, and the signature over them. */
export interface Signed<F, S = Bytes> {
  readonly fields: F
  readonly body: Bytes
  readonly signature: S
}

/** A body as octets, so that those which were signed are those which are kept, and its signature. @param sizeBytesMax of the body */
export function signedOver<F, S>(
  bodyWire: Codec<F>,
  sizeBytesMax: number,
  signatureWire: Codec<S>,
): Codec<Signed<F, S>> {
  const wire = tuple({ body: bytesUpTo(sizeBytesMax), signature: signatureWire })
  return {
    pack: ({ body, signature }) => wire.pack({ body, signature }),
    parse: (item) => {
      const { body, signature } = wire.parse(item)
      return { fields: parsed(decode(bodyWire, body, sizeBytesMax)), body, signature }
    },
  }
}
