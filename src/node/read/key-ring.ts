/**
 * The keys that this device can reach: from the root block's readcap up through every directory.
 *
 * Only the first step needs the node's KEM key; every other key is unwrapped under its parent's, at once and without the
 * platform. Read access is inherited exactly so (paper §2).
 * @module
 */
import { type Bytes, StoreDamagedError, compare, equal, keyOf, wipe } from '../../core/bytes/bytes.ts'
import {
  type SectorKeys,
  blockKeySchedule,
  hpkeInfo,
  openText,
  principalOf,
  sealText,
} from '../../core/crypto/crypto.ts'
import { readcapPlace, unwrapEarlier, unwrapUnderParent } from '../../core/cap/cap.ts'
import type { SignedRecord } from '../../core/block/block.ts'
import { type BlockId, blockIdOf, rootBlockId } from '../../core/path/path.ts'
import { type EntryRow, type TreeState, accessOf, parentOf } from '../../core/tree/tree.ts'
import type { NodeKeys } from '../../port/platform.ts'

/** Schedules kept at a time; a file in use needs one, and whoever uses one that is not kept any more goes on with it. */
const scheduleCountMax = 256

export class KeyRing {
  readonly #root: BlockId
  /** By the hash of the access record that brought them; of the root, whose record is replaced with every device let in, by epoch. */
  readonly #keys = new Map<string, Bytes>()
  readonly #schedules = new Map<string, SectorKeys>()
  /** Names that were opened, beside the entries that hold them: most changes are of content. */
  readonly #names = new WeakMap<EntryRow['entry'], string>()

  private constructor(root: BlockId) {
    this.#root = root
  }

  /** Opens the root block with the node's own readcap. Rejects with StoreDamagedError where it has none that opens. */
  static async unlock(state: TreeState, keys: NodeKeys): Promise<KeyRing> {
    const ring = new KeyRing(rootBlockId(state.treeId))
    const access = accessOf(state, ring.#root)
    const principal = principalOf(keys.credential)
    const readcap = access?.fields.readcaps.find(({ recipient }) => equal(recipient, principal))
    if (access === null || readcap === undefined) throw new StoreDamagedError('no key for this device')
    const place = readcapPlace(state.treeId, ring.#root, access.fields.keyEpoch, principal)
    const key = await keys.open(hpkeInfo.readcap, place, readcap.sealedKey)
    if (key === null) throw new StoreDamagedError('the key of the root does not open')
    ring.#keys.set(ring.#nameOf(ring.#root, access), key)
    return ring
  }

  /** A ring that starts from a root key that is already at hand, as a recovery has it. */
  static withRootKey(state: TreeState, rootKey: Bytes): KeyRing {
    const ring = new KeyRing(rootBlockId(state.treeId))
    const access = accessOf(state, ring.#root)
    if (access === null) throw new StoreDamagedError('no root block')
    ring.#keys.set(ring.#nameOf(ring.#root, access), rootKey)
    return ring
  }

  /** The block's key of an epoch, of the one in force where none is given; null where this device cannot reach it. */
  keyOf(state: TreeState, block: BlockId, keyEpoch?: number): Bytes | null {
    const access = accessOf(state, block)
    if (access === null) return null
    const key = this.#current(state, block, access)
    const epoch = keyEpoch ?? access.fields.keyEpoch
    if (key === null || epoch === access.fields.keyEpoch) return key
    const wrapped = access.fields.earlierKeys[epoch - 1]
    return wrapped === undefined ? null : unwrapEarlier(key, state.treeId, block, epoch, wrapped)
  }

  #current(state: TreeState, block: BlockId, access: SignedRecord<'access'>): Bytes | null {
    const name = this.#nameOf(block, access)
    const known = this.#keys.get(name)
    if (known !== undefined) return known
    const { wrappedKey, parentKeyEpoch, keyEpoch } = access.fields
    const parent = parentOf(state, block)
    if (parent === null || wrappedKey === null || compare(block, this.#root) === 0) return null
    const parentKey = this.keyOf(state, parent, parentKeyEpoch)
    const key = parentKey === null ? null : unwrapUnderParent(parentKey, state.treeId, block, keyEpoch, wrappedKey)
    if (key !== null) this.#keys.set(name, key)
    return key
  }

  #nameOf(block: BlockId, { hash, fields }: SignedRecord<'access'>): string {
    return compare(block, this.#root) === 0 ? `root ${fields.keyEpoch}` : keyOf(hash)
  }

  /** What derives the sector keys of a block at an epoch; null where the block key is out of reach. */
  sectorKeys(state: TreeState, block: BlockId, keyEpoch: number): SectorKeys | null {
    const key = this.keyOf(state, block, keyEpoch)
    if (key === null) return null
    const name = keyOf(key)
    let schedule = this.#schedules.get(name)
    if (schedule === undefined) {
      if (this.#schedules.size === scheduleCountMax) this.#schedules.delete(this.#schedules.keys().next().value!)
      schedule = blockKeySchedule(key)
      this.#schedules.set(name, schedule)
    }
    return schedule
  }

  /** The name that a directory's entry carries; where it does not open, the mark of what can not be shown. */
  nameOf(state: TreeState, entry: EntryRow['entry']): string {
    const known = this.#names.get(entry)
    if (known !== undefined) return known
    const { parent, child, sealedName, nameKeyEpoch } = entry.fields
    const key = this.keyOf(state, blockIdOf(parent), nameKeyEpoch)
    const name = key === null ? null : openText(key, sealedName, child)
    if (name !== null) this.#names.set(entry, name)
    return name ?? '\ufffd'
  }

  sealName(state: TreeState, directory: BlockId, child: BlockId, name: string, nonce: Bytes): Bytes {
    const key = this.keyOf(state, directory)
    if (key === null) throw new StoreDamagedError('the key of a folder')
    return sealText(key, name, child, nonce)
  }

  /** Overwrites every key; the ring is of no use afterwards. */
  close(): void {
    wipe(...this.#keys.values())
    this.#keys.clear()
    // A writer may be using one, and is to hear that the node has stopped, not that its key is of no use.
    this.#schedules.clear()
  }
}
