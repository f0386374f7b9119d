/**
 * The node as an author: signs records with its credential under the writecap that it holds in a tree.
 * @module
 */
import type { Bytes } from '../core/bytes/bytes.ts'
import { type PublicCredential, ed25519Message } from '../core/crypto/crypto.ts'
import {
  type AccessBody,
  type ContentBody,
  type EntryBody,
  type RecordKind,
  type RemovalBody,
  type SignedRecord,
  recordBody,
  recordDomain,
  signedRecord,
} from '../core/block/block.ts'
import type { NodeKeys } from '../port/platform.ts'

type Unsigned<Body> = Omit<Body, 'author' | 'writecapHash'>
interface UnsignedBodies {
  readonly content: Unsigned<ContentBody>
  readonly access: Unsigned<AccessBody>
  readonly entry: Unsigned<EntryBody>
  readonly removal: Unsigned<RemovalBody>
}

export class Author {
  readonly #keys: NodeKeys
  readonly #writecapHash: Bytes

  constructor(keys: NodeKeys, writecapHash: Bytes) {
    this.#keys = keys
    this.#writecapHash = writecapHash
  }

  get credential(): PublicCredential {
    return this.#keys.credential
  }

  async sign<K extends RecordKind>(kind: K, unsigned: UnsignedBodies[K]): Promise<SignedRecord<K>> {
    const fields = {
      ...unsigned,
      author: this.#keys.credential,
      writecapHash: this.#writecapHash,
    } as unknown as Parameters<typeof recordBody<K>>[1]
    const body = recordBody(kind, fields)
    return signedRecord(kind, fields, body, await this.#keys.sign(ed25519Message(recordDomain(kind), body)))
  }
}
