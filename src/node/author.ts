/**
 * The node as an author: signs records with its credential under the writecap that it holds in a tree.
 *
 * Those that are asked for while a signature is being made are signed together next, so that many small changes cost few signatures.
 * @module
 */
import type { Bytes } from '../core/bytes/bytes.ts'
import type { PublicCredential } from '../core/crypto/crypto.ts'
import {
  type AccessBody,
  type ContentBody,
  type EntryBody,
  type RecordKind,
  type RemovalBody,
  type SignedRecord,
  type UnsignedRecord,
  recordGroup,
  signedRecord,
  signedTogetherCountMax,
  unsignedRecord,
} from '../core/block/block.ts'
import type { NodeKeys } from '../port/platform.ts'

type Unsigned<Body> = Omit<Body, 'author' | 'writecapHash'>
interface UnsignedBodies {
  readonly content: Unsigned<ContentBody>
  readonly access: Unsigned<AccessBody>
  readonly entry: Unsigned<EntryBody>
  readonly removal: Unsigned<RemovalBody>
}

interface Waiting {
  readonly record: UnsignedRecord
  readonly resolve: (signed: SignedRecord) => void
  readonly reject: (error: unknown) => void
}

export class Author {
  readonly #keys: NodeKeys
  readonly #writecapHash: () => Bytes
  #waiting: Waiting[] = []
  #isSigning = false

  /** @param writecapHash of the permission in force, which the root may extend */
  constructor(keys: NodeKeys, writecapHash: () => Bytes) {
    this.#keys = keys
    this.#writecapHash = writecapHash
  }

  get writecapHash(): Bytes {
    return this.#writecapHash()
  }

  get credential(): PublicCredential {
    return this.#keys.credential
  }

  sign<K extends RecordKind>(kind: K, unsigned: UnsignedBodies[K]): Promise<SignedRecord<K>> {
    const fields = { ...unsigned, author: this.#keys.credential, writecapHash: this.writecapHash }
    const record = unsignedRecord(kind, fields as unknown as Parameters<typeof unsignedRecord<K>>[1])
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject } as unknown as Waiting)
      if (!this.#isSigning) void this.#signWaiting()
    })
  }

  async #signWaiting(): Promise<void> {
    this.#isSigning = true
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting
      this.#waiting = []
      const groups: Promise<void>[] = []
      for (let start = 0; start < waiting.length; start += signedTogetherCountMax)
        groups.push(this.#signGroup(waiting.slice(start, start + signedTogetherCountMax)))
      await Promise.all(groups)
    }
    this.#isSigning = false
  }

  async #signGroup(group: readonly Waiting[]): Promise<void> {
    const { message, partsOf } = recordGroup(group.map(({ record }) => record.hash))
    try {
      const signature = await this.#keys.sign(message)
      for (const [at, part] of partsOf(signature).entries()) group[at]!.resolve(signedRecord(group[at]!.record, part))
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }
}
