/**
 * The keys that this device can reach: from the readcap of the block where its reach begins up through every directory. For the
 * owner's devices that is the root block, for a limited one its folder.
 *
 * Only the first step needs the node's KEM key; every other key is unwrapped under its parent's, at once and without the
 * platform. Read access is inherited exactly so (paper §2).
 * @module
 */
import { type Bytes, StoreDamagedError, compare, copy, equal, keyOf, wipe } from '../../core/bytes/bytes.ts'
import {
  type Principal,
  type SectorKeys,
  blockKeySchedule,
  hpkeInfo,
  principalOf,
  sealText,
} from '../../core/crypto/crypto.ts'
import { isFor, readcapPlace, unwrapEarlier, unwrapUnderParent } from '../../core/cap/cap.ts'
import type { SignedRecord } from '../../core/block/block.ts'
import { type BlockId, type TreeId, blockIdOf, openName, rootBlockId } from '../../core/path/path.ts'
import {
  type DeviceRow,
  type EntryRow,
  type Operation,
  type TreeState,
  accessOf,
  limitOf,
  openDeviceName,
  parentOf,
} from '../../core/tree/tree.ts'
import type { NodeKeys } from '../../port/platform.ts'

/** Schedules kept at a time; a file in use needs one, and whoever uses one that is not kept any more goes on with it. */
const scheduleCountMax = 256

export class KeyRing {
  readonly #treeId: TreeId
  readonly #nodeKeys: NodeKeys
  /** Where the reach of this device begins. */
  readonly base: BlockId
  /** By the hash of the access record that brought them. */
  readonly #keys = new Map<string, Bytes>()
  readonly #schedules = new Map<string, SectorKeys>()
  /** Names that were opened, beside the entries that hold them: most changes are of content. */
  readonly #names = new WeakMap<EntryRow['entry'], string>()
  /** The same of devices: they are told with every change. */
  readonly #deviceNames = new WeakMap<DeviceRow['device']['fields'], string>()

  constructor(treeId: TreeId, nodeKeys: NodeKeys, base: BlockId) {
    this.#treeId = treeId
    this.#nodeKeys = nodeKeys
    this.base = base
  }

  /** Opens the base with the node's own readcap. Rejects with StoreDamagedError where it has none that opens. */
  static async unlock(state: TreeState, nodeKeys: NodeKeys): Promise<KeyRing> {
    const ring = new KeyRing(state.treeId, nodeKeys, baseOf(state, principalOf(nodeKeys.credential)))
    await ring.unlock(() => state)
    return ring
  }
  /** @param stateNow what is folded while a key is opened may bring the next one */
  async unlock(stateNow: () => TreeState): Promise<void> {
    for (let opened: Bytes | null = null; ;) {
      const access = accessOf(stateNow(), this.base)
      if (opened !== null && access !== null && equal(access.hash, opened)) return
      if (access === null || !(await this.#open(access)))
        throw new StoreDamagedError('no key that opens where this device may read')
      opened = access.hash
    }
  }

  /**
   * Opens the keys of the base that operations bring, for before they are folded, since whoever reads the state then can not wait.
   * @returns null where they bring none
   */
  openNew(operations: readonly Operation[]): Promise<unknown> | null {
    const brought = operations.flatMap((operation) => accessesIn(operation, this.base))
    return brought.length === 0 ? null : Promise.all(brought.map((access) => this.#open(access)))
  }
  /** The same for a state that comes whole. */
  async openOf(state: TreeState): Promise<void> {
    const access = accessOf(state, this.base)
    if (access !== null) await this.#open(access)
  }

  /** @returns false where the record gives this node no key, as it gives none to one that was put out */
  async #open({ hash, fields }: SignedRecord<'access'>): Promise<boolean> {
    const name = keyOf(hash)
    if (this.#keys.has(name)) return true
    const principal = principalOf(this.#nodeKeys.credential)
    const readcap = fields.readcaps.find((each) => isFor(each, principal))
    if (readcap === undefined) return false
    const place = readcapPlace(this.#treeId, this.base, fields.keyEpoch, principal)
    const key = await this.#nodeKeys.open(readcap.suite, hpkeInfo.readcap, place, readcap.sealedKey)
    if (key !== null) this.#keys.set(name, key)
    return key !== null
  }

  /** Takes the key that an access record brings, from its author. */
  learn(access: SignedRecord<'access'>, key: Bytes): void {
    this.#keys.set(keyOf(access.hash), copy(key))
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
    const name = keyOf(access.hash)
    const known = this.#keys.get(name)
    if (known !== undefined) return known
    const key = compare(block, this.base) === 0 ? null : this.#unwrapped(state, block, access)
    if (key !== null) this.#keys.set(name, key)
    return key
  }

  #unwrapped(state: TreeState, block: BlockId, { fields }: SignedRecord<'access'>): Bytes | null {
    const { wrappedKey, parentKeyEpoch, keyEpoch } = fields
    const parent = parentOf(state, block)
    const parentKey = parent === null ? null : this.keyOf(state, parent, parentKeyEpoch)
    if (parentKey === null || wrappedKey === null) return null
    return unwrapUnderParent(parentKey, state.treeId, block, keyEpoch, wrappedKey)
  }

  /** false where a block's key does not open by that of the folder where it stands; true where that one is out of reach. */
  opensKey(state: TreeState, access: SignedRecord<'access'>): boolean {
    const block = blockIdOf(access.fields.path)
    const parent = compare(block, this.base) === 0 ? null : parentOf(state, block)
    return parent === null || !this.#reaches(state, parent) || this.#unwrapped(state, block, access) !== null
  }
  #reaches(state: TreeState, block: BlockId): boolean {
    return this.keyOf(state, block) !== null
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
    const name = this.#openName(state, entry)
    if (name !== null) this.#names.set(entry, name)
    return name ?? '\ufffd'
  }
  /** false where a name does not open by the key of its folder; true where that one is out of reach. */
  opensName(state: TreeState, entry: EntryRow['entry']): boolean {
    return !this.#reaches(state, blockIdOf(entry.fields.parent)) || this.#openName(state, entry) !== null
  }
  #openName(state: TreeState, { fields }: EntryRow['entry']): string | null {
    const key = this.keyOf(state, blockIdOf(fields.parent), fields.nameKeyEpoch)
    return key === null ? null : openName(key, fields.child, fields.sealedName)
  }

  /** What a device calls itself; null where that does not open. */
  deviceNameOf(state: TreeState, { fields }: DeviceRow['device']): string | null {
    const known = this.#deviceNames.get(fields)
    if (known !== undefined) return known
    const key = this.keyOf(state, fields.nameBlock, fields.nameKeyEpoch)
    const name = key === null ? null : openDeviceName(key, fields)
    if (name !== null) this.#deviceNames.set(fields, name)
    return name
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

/** Where the reach of a device begins, as the tree says: at the root, or at the folder that it is limited to. */
export const baseOf = (state: TreeState, device: Principal): BlockId => {
  const limit = limitOf(state, device)
  return limit === null ? rootBlockId(state.treeId) : blockIdOf(limit)
}

/** Access records of a block. */
function accessesIn({ tag, value }: Operation, block: BlockId): readonly SignedRecord<'access'>[] {
  const isOfBlock = ({ fields }: SignedRecord<'access'>): boolean => compare(blockIdOf(fields.path), block) === 0
  switch (tag) {
    case 'found':
    case 'takeOver':
      return [value.rootAccess]
    case 'admit':
      return isOfBlock(value.access) ? [value.access] : []
    case 'change':
      return value.records.filter(
        (signed): signed is SignedRecord<'access'> => signed.kind === 'access' && isOfBlock(signed),
      )
    default:
      return []
  }
}
