/**
 * Fragment keys (requirement R-45): every storer's copy is sealed under a key of its own.
 *
 * So no two copies are alike: a storer of many names can not keep one copy for all, nor make it from another, nor take it from a
 * fellow when it is asked. Pure: this plans, the crypto port seals and opens.
 * @module
 */
import { type Bytes, type Result, accepted, bytesOf, encode, record, refused, u53, u64be } from '../bytes/bytes.ts'
import { type Nonce, deriveKey, zeroNonce } from '../crypto/crypto.ts'
import { type Stripe, pieceSizeBytesOf } from './stripe.ts'

/** Which fragment. */
export interface FragmentId {
  /** Hash of the record of the set, which names the content that is coded and how: so the same id is always the same octets. */
  readonly setId: Bytes
  readonly stripe: number
  readonly encodingSymbolId: number
}

const associatedDataWire = record('fragmentPiece', 1, {
  setId: bytesOf(32),
  stripe: u53,
  encodingSymbolId: u53,
  index: u53,
})

/**
 * fragmentKey = deriveKey(treeSecret, "blocktree/1/fragment", storer, setId, u64 stripe, u64 encoding symbol id).
 * Who has all keys of a set and the roots can repair it without being able to read the block.
 */
export const fragmentKey = (treeSecret: Bytes, storer: Bytes, { setId, stripe, encodingSymbolId }: FragmentId): Bytes =>
  deriveKey(treeSecret, 'blocktree/1/fragment', storer, setId, u64be(stripe), u64be(encodingSymbolId))

/** What the crypto port seals. */
export interface PieceSealing {
  readonly key: Bytes
  readonly nonce: Nonce
  readonly associatedData: Bytes
  readonly plaintext: Bytes
}
/** What the crypto port opens. */
export interface PieceOpening {
  readonly key: Bytes
  readonly nonce: Nonce
  readonly associatedData: Bytes
  readonly ciphertext: Bytes
}

/**
 * A piece has a key of its own, so its nonce may be zero. Sealing it again seals the same octets: the id says which they are.
 * @param index of the source block
 */
export function planSealPiece(key: Bytes, id: FragmentId, index: number, symbol: Bytes): PieceSealing {
  return { ...pieceOf(key, id, index), plaintext: symbol }
}

export function planOpenPiece(
  key: Bytes,
  id: FragmentId,
  index: number,
  stripe: Stripe,
  ciphertext: Bytes,
): Result<PieceOpening> {
  if (ciphertext.length !== pieceSizeBytesOf(stripe) || index < 0 || index >= stripe.Z)
    return refused('fragmentDamaged', 'A fragment is damaged; it was not used.')
  return accepted({ ...pieceOf(key, id, index), ciphertext })
}

function pieceOf(key: Bytes, id: FragmentId, index: number) {
  return {
    key: deriveKey(key, 'blocktree/1/fragmentPiece', u64be(index)),
    nonce: zeroNonce,
    associatedData: encode(associatedDataWire, { ...id, index }),
  }
}
