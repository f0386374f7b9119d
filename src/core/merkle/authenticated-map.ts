/**
 * A persistent ordered map from byte strings to byte strings with one root hash: a crit-bit (Patricia) Merkle trie.
 *
 * **Keys as bits.** An octet o of a key stands for nine bits, a 1 and then the bits of o from the highest; the end of the key
 * stands for zeros without end. So no key is the beginning of another, and the order of the bits is the order of the octets
 * with a shorter key first. Position 9i + j is bit j of octet i.
 *
 * **Shape.** A branch stands at the first position in which the keys below it differ: those with a 0 there lie left, those with
 * a 1 right. This shape depends on nothing but the set of keys, hence equal maps have equal roots, whatever was done to get there.
 *
 * A map is a value: `set` and `remove` give a new one that shares all but the way to the change. Hashes are computed when a root
 * is asked for and stay with their nodes. Nothing recurses, so keys that share long beginnings cost time, never the stack.
 * @module
 */
import {
  type Bytes,
  type Check,
  type Decoded,
  bytesOf,
  bytesUpTo,
  equal,
  listOf,
  nullable,
  ok,
  record,
  refine,
  refused,
  tuple,
  u53,
} from '../bytes/bytes.ts'
import { digest } from '../crypto/crypto.ts'

export const mapKeySizeBytesMax = 256
/** Two keys differ within their first 256 octets, so a way to a leaf has at most one branch for each of these positions. */
const positionCount = 9 * mapKeySizeBytesMax

interface Leaf {
  readonly kind: 'leaf'
  readonly key: Bytes
  readonly value: Bytes
  /** null until asked for. */
  hash: Bytes | null
}
interface Branch {
  readonly kind: 'branch'
  readonly position: number
  readonly zero: Node
  readonly one: Node
  /** null until asked for. */
  hash: Bytes | null
}
type Node = Leaf | Branch

export interface AuthenticatedMap {
  readonly top: Node | null
  readonly size: number
}
export type MapEntry = readonly [key: Bytes, value: Bytes]

export const emptyMap: AuthenticatedMap = { top: null, size: 0 }

/** The count of keys. */
export const size = (map: AuthenticatedMap): number => map.size

/** @returns the very octets that were set, or null; they must not be changed */
export function get(map: AuthenticatedMap, key: Uint8Array): Bytes | null {
  if (map.top === null) return null
  const leaf = nearestLeaf(map.top, key)
  return firstDifference(leaf.key, key) === null ? leaf.value : null
}

/**
 * The map with `key` at `value`. Keeps both arrays, which must not change from now on.
 * Gives the same map where nothing changes.
 */
export function set(map: AuthenticatedMap, key: Bytes, value: Bytes): AuthenticatedMap {
  if (key.length > mapKeySizeBytesMax)
    throw new RangeError(`"key" expected at most ${mapKeySizeBytesMax} bytes, got ${key.length}`)
  const leaf: Leaf = { kind: 'leaf', key, value, hash: null }
  if (map.top === null) return { top: leaf, size: 1 }
  const nearest = nearestLeaf(map.top, key)
  const position = firstDifference(nearest.key, key)
  if (position === null) {
    if (equal(nearest.value, value)) return map
    return { top: withReplaced(wayTo(map.top, key, positionCount), key, leaf), size: map.size }
  }
  const way = wayTo(map.top, key, position)
  const displaced = below(way, key) ?? map.top
  const branch: Branch = isOne(key, position)
    ? { kind: 'branch', position, zero: displaced, one: leaf, hash: null }
    : { kind: 'branch', position, zero: leaf, one: displaced, hash: null }
  return { top: withReplaced(way, key, branch), size: map.size + 1 }
}

/** The map without `key`; the same map where it has none. */
export function remove(map: AuthenticatedMap, key: Uint8Array): AuthenticatedMap {
  if (map.top === null || firstDifference(nearestLeaf(map.top, key).key, key) !== null) return map
  const way = wayTo(map.top, key, positionCount)
  const parent = way.pop()
  if (parent === undefined) return emptyMap
  return { top: withReplaced(way, key, isOne(key, parent.position) ? parent.zero : parent.one), size: map.size - 1 }
}

/** Applies changes in their order; a value of null removes. */
export function batch(
  map: AuthenticatedMap,
  changes: Iterable<readonly [key: Bytes, value: Bytes | null]>,
): AuthenticatedMap {
  let changed = map
  for (const [key, value] of changes) changed = value === null ? remove(changed, key) : set(changed, key, value)
  return changed
}

/**
 * Entries in the order of their keys.
 * @param prefix only keys that begin with it
 * @param afterKey only keys greater than it; where a scan goes on
 */
export function* entries(
  map: AuthenticatedMap,
  prefix?: Uint8Array,
  afterKey?: Uint8Array,
): Generator<MapEntry, void, undefined> {
  const top = prefix === undefined ? map.top : topOfPrefix(map.top, prefix)
  if (top === null) return
  // What is still to come, the nearest last.
  const ahead = afterKey === undefined ? [top] : subtreesAfter(top, afterKey)
  for (let node = ahead.pop(); node !== undefined; node = ahead.pop()) {
    if (node.kind === 'leaf') yield [node.key, node.value]
    else ahead.push(node.one, node.zero)
  }
}

/** The entry with the smallest key, or with the smallest that begins with `prefix`. */
export const first = (map: AuthenticatedMap, prefix?: Uint8Array): MapEntry | null =>
  entries(map, prefix).next().value ?? null

/** The entry with the smallest key that is greater than `key`. */
export const after = (map: AuthenticatedMap, key: Uint8Array, prefix?: Uint8Array): MapEntry | null =>
  entries(map, prefix, key).next().value ?? null

/** The hash that stands for all entries, 32 octets. Costs two hashes for every node that is new since the last root. */
export const root = (map: AuthenticatedMap): Bytes => (map.top === null ? emptyRoot : hashOf(map.top))

// ---- hashes

const emptyRoot = digest('blocktree/1/mapEmpty')
const valueHashOf = (value: Uint8Array): Bytes => digest('blocktree/1/mapValue', value)
/** The value's hash has a fixed size and comes first, so the key needs no length. */
const leafHashOf = (key: Uint8Array, valueHash: Uint8Array): Bytes => digest('blocktree/1/mapLeaf', valueHash, key)
const branchHashOf = (position: number, zero: Uint8Array, one: Uint8Array): Bytes =>
  digest('blocktree/1/mapBranch', Uint8Array.of(position >> 8, position & 255), zero, one)

function hashOf(top: Node): Bytes {
  const pending: Node[] = [top]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.hash !== null) continue
    if (node.kind === 'leaf') node.hash = leafHashOf(node.key, valueHashOf(node.value))
    else if (node.zero.hash !== null && node.one.hash !== null)
      node.hash = branchHashOf(node.position, node.zero.hash, node.one.hash)
    else pending.push(node, node.one, node.zero)
  }
  return top.hash!
}

// ---- bits

const isOne = (key: Uint8Array, position: number): boolean => {
  const index = (position / 9) | 0
  if (index >= key.length) return false
  const bit = position - 9 * index
  return bit === 0 || ((key[index]! >> (8 - bit)) & 1) === 1
}

/** The first position in which two keys differ; null where they are equal. */
function firstDifference(left: Uint8Array, right: Uint8Array): number | null {
  const shared = Math.min(left.length, right.length)
  for (let index = 0; index < shared; index++) {
    const difference = left[index]! ^ right[index]!
    if (difference !== 0) return 9 * index + Math.clz32(difference) - 23
  }
  return left.length === right.length ? null : 9 * shared
}

// ---- ways

/** The leaf that the bits of `key` lead to. If any key below `top` shares more with `key`, it is none other. */
function nearestLeaf(top: Node, key: Uint8Array): Leaf {
  let node = top
  while (node.kind === 'branch') node = isOne(key, node.position) ? node.one : node.zero
  return node
}

/** The branches that `key` passes at positions below `end`, from the top. */
function wayTo(top: Node, key: Uint8Array, end: number): Branch[] {
  const way: Branch[] = []
  for (
    let node = top;
    node.kind === 'branch' && node.position < end;
    node = isOne(key, node.position) ? node.one : node.zero
  )
    way.push(node)
  return way
}

/** The node that the way of `key` ends above; null for a way without branches. */
function below(way: readonly Branch[], key: Uint8Array): Node | null {
  const last = way.at(-1)
  if (last === undefined) return null
  return isOne(key, last.position) ? last.one : last.zero
}

/** A new top in which `node` stands at the end of the way of `key`. */
function withReplaced(way: readonly Branch[], key: Uint8Array, node: Node): Node {
  let top = node
  for (let i = way.length - 1; i >= 0; i--) {
    const { position, zero, one } = way[i]!
    top = isOne(key, position)
      ? { kind: 'branch', position, zero, one: top, hash: null }
      : { kind: 'branch', position, zero: top, one, hash: null }
  }
  return top
}

/** The subtree of all keys that begin with `prefix`; null where there are none. */
function topOfPrefix(top: Node | null, prefix: Uint8Array): Node | null {
  if (top === null) return null
  const end = 9 * prefix.length
  const node = below(wayTo(top, prefix, end), prefix) ?? top
  // All keys below share what they have before their first branch, so one of them speaks for all.
  const difference = firstDifference(nearestLeaf(node, prefix).key, prefix)
  return difference === null || difference >= end ? node : null
}

/** Disjoint subtrees that hold all keys greater than `key`, the smallest last. */
function subtreesAfter(top: Node, key: Uint8Array): Node[] {
  const position = firstDifference(nearestLeaf(top, key).key, key)
  const way = wayTo(top, key, position ?? positionCount)
  const subtrees = way.filter((branch) => !isOne(key, branch.position)).map((branch) => branch.one)
  // Where the way ends, all keys have the other bit at `position`: all are greater or all are smaller.
  if (position !== null && !isOne(key, position)) subtrees.push(below(way, key) ?? top)
  return subtrees
}

// ---- proofs

const stepWire = tuple({
  /** Of the branch; they rise on the way from the root. */
  position: refine(
    u53,
    (position) => (position < positionCount ? position : null),
    (position: number) => position,
  ),
  /** The hash on the side that the key does not go. */
  sibling: bytesOf(32),
})

/** The way from the root to where a key is or would be. */
export const mapProofWire = record('mapProof', 1, {
  steps: listOf(stepWire, positionCount),
  /** For a key that is absent: the leaf that its bits lead to. null for a key that is there, and in the empty map. */
  other: nullable(tuple({ key: bytesUpTo(mapKeySizeBytesMax), valueHash: bytesOf(32) })),
})
export type MapProof = Decoded<typeof mapProofWire>

/** 2304 steps of 38 octets, another key, heads. */
export const mapProofSizeBytesMax = 88 * 1024

/** Proves what `key` is set to, or that it is not set. */
export function proveKey(map: AuthenticatedMap, key: Uint8Array): MapProof {
  if (map.top === null) return { steps: [], other: null }
  const steps = wayTo(map.top, key, positionCount).map(({ position, zero, one }) => ({
    position,
    sibling: hashOf(isOne(key, position) ? zero : one),
  }))
  const leaf = nearestLeaf(map.top, key)
  const isThere = firstDifference(leaf.key, key) === null
  return { steps, other: isThere ? null : { key: leaf.key, valueHash: valueHashOf(leaf.value) } }
}

/**
 * Checks that in the map of `root` the key is set to `value`, or is not set where `value` is null.
 * @param root of a map that was built by the rules; whoever vouches for the root vouches for that
 */
export function verifyProof(root: Uint8Array, key: Uint8Array, value: Uint8Array | null, proof: MapProof): Check {
  const invalid = refused(
    'mapProofInvalid',
    'The proof for this record does not fit the state of the tree; it was not used.',
  )
  const { steps, other } = proof
  if (key.length > mapKeySizeBytesMax || (value !== null && other !== null)) return invalid
  if (value === null && other === null) return steps.length === 0 && equal(emptyRoot, root) ? ok : invalid
  if (other !== null && firstDifference(other.key, key) === null) return invalid
  let hash = other === null ? leafHashOf(key, valueHashOf(value!)) : leafHashOf(other.key, other.valueHash)
  let end = positionCount
  for (let i = steps.length - 1; i >= 0; i--) {
    const { position, sibling } = steps[i]!
    const one = isOne(key, position)
    // The other leaf stands on the way of the key only if it goes the same way at every branch.
    if (position >= end || (other !== null && isOne(other.key, position) !== one)) return invalid
    hash = one ? branchHashOf(position, sibling, hash) : branchHashOf(position, hash, sibling)
    end = position
  }
  return equal(hash, root) ? ok : invalid
}
