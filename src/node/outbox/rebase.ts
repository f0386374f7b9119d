/**
 * What is still to be done for a deed, over a state of the tree in which others may have been faster (design §7).
 *
 * Nothing is overwritten: a file whose content changed meanwhile becomes a sibling that says from whom and when. Operations on
 * folders merge. What was written where a folder is gone goes to the nearest one below it that is not. A deletion gives way to
 * whatever was written meanwhile, whichever of the two came first.
 *
 * The same question is asked again when an operation was taken: the fold compares records one by one, so it takes a name that
 * another file got in the same instant, or a deletion of what its author had not seen. What follows then puts that right.
 * @module
 */
import { type Bytes, RefusedError, assertNever, compare, equal, keyOf, refused } from '../../core/bytes/bytes.ts'
import { principalOf } from '../../core/crypto/crypto.ts'
import { type BlockKind, type Body, type DoneRecord, type SignedRecord, doerOf } from '../../core/block/block.ts'
import { type BlockId, type IdPath, blockIdOf, contains, parentPath, rootPath, samePath } from '../../core/path/path.ts'
import {
  type EntryRow,
  type TreeState,
  accessOf,
  childrenOf,
  contentOf,
  entryOf,
  hasDismissed,
  hasDismissedSince,
  holdsAsIn,
  isKeyOwed,
  isRenewable,
  parentOf,
  pathOf,
  withAccess,
} from '../../core/tree/tree.ts'
import { nameFrom, numberedName } from '../names.ts'
import type { KeyRing } from '../read/key-ring.ts'
import { type EntryChange, type Lineage, type Records, lineageOf } from '../records.ts'
import { type Deed, type DeedOf, type Seen, blockCountPerDeed } from './deed.ts'
import { isListed } from './seen.ts'

export type Step =
  | { readonly kind: 'done' }
  | { readonly kind: 'records'; make(): Promise<readonly SignedRecord[]> }
  /** First its content has to be sealed for another block, or under another key; then it is another deed. */
  | {
      readonly kind: 'seal'
      /** null for a block that does not exist yet. */
      readonly block: BlockId | null
      /** The state over which this was found. */
      readonly over: TreeState
      toDeed(block: BlockId, key: Bytes, keyEpoch: number, body: Body): Deed
    }

/** Who does a deed, and when. */
export interface Doer {
  readonly ring: KeyRing
  readonly records: Records
  /** This device's principal. */
  readonly principal: Bytes
  /** What the tree calls this device; opened where it is needed, which is seldom. */
  readonly deviceName: () => string
  readonly madeAtMs: number
  /** Stamp of the newest of others that the person saw. */
  readonly sinceMs: number
  /** Whose deed it was, where it is brought along from another generation; else null. */
  readonly author: Bytes | null
  /** Of the record there. */
  readonly version: number
  readonly seed: Bytes
}

/**
 * - `first`  the person did it over this very state
 * - `again`  the state has changed since
 * - `taken`  an operation for it has just been taken
 */
export type Phase = 'first' | 'again' | 'taken'

/**
 * @param later what the same device did after it and keeps as well
 */
export const nextStep = (state: TreeState, deed: Deed, phase: Phase, doer: Doer, later: readonly Deed[] = []): Step =>
  new Rebase(state, phase, doer, later).stepOf(deed)

const done: Step = { kind: 'done' }

class Rebase {
  readonly #state: TreeState
  readonly #phase: Phase
  readonly #doer: Doer
  readonly #later: readonly Deed[]

  constructor(state: TreeState, phase: Phase, doer: Doer, later: readonly Deed[]) {
    this.#state = state
    this.#phase = phase
    this.#doer = doer
    this.#later = later
  }

  stepOf(deed: Deed): Step {
    switch (deed.tag) {
      case 'createFolder':
        return this.#create(deed.value, 'directory', null)
      case 'addFile':
        return this.#create(deed.value, 'file', deed.value.body)
      case 'addLink':
        return this.#create(deed.value, 'link', deed.value.body)
      case 'writeFile':
        return deed.value.isLink ? this.#renewLink(deed.value) : this.#write(deed.value)
      case 'rename':
        return this.#rename(deed.value)
      case 'move':
        return this.#move(deed.value)
      case 'rekey':
        return this.#rekey(deed.value.block)
      case 'renew':
        return this.#renew(deed.value.blocks)
      case 'arrive':
        return this.#arrive(deed.value.block)
      case 'trash':
        return this.#trash(deed.value)
      case 'restore':
        return this.#restore(deed.value)
      case 'purge':
        return this.#purge(deed.value.blocks)
      default:
        return assertNever(deed)
    }
  }

  // --- one deed after the other ---------------------------------------------------------------------------------------------

  #create({ block, folder, name, key }: DeedOf<'createFolder'>, kind: BlockKind, body: Body | null): Step {
    const { ring, records } = this.#doer
    const row = entryOf(this.#state, block)
    if (row !== null && body !== null && this.#isOfAnother(block, body))
      return kind === 'file' ? this.#sealedAs(folder, name) : this.#make(null, blockTaken)
    if (row !== null) return this.#tidy(block, row, name)
    if (this.#phase === 'taken') return done
    const home = this.#livingFolder(folder)
    const free = this.#nameFor(home, block, name)
    const made = { block, kind, name: free, key, body }
    return this.#make(blockIdOf(home), async (state) => {
      const its = await records.newBlock(state, home, made, this.#lineage)
      if (!this.#isKnownElsewhere) return its
      const access = its.find((signed) => signed.kind === 'access')!
      ring.learn(access, key)
      return [...its, await records.otherKey(withAccess(state, access), block, this.#doer.seed)]
    })
  }

  /**
   * Whether one who was put out here may have been given the key that this deed brings: in another generation, where it was taken,
   * which this device need not have heard of. Then the block has another one at once, and under the one that it was made with lies
   * nothing but what it was made with.
   */
  get #isKnownElsewhere(): boolean {
    const { author, sinceMs } = this.#doer
    if (author !== null) return hasDismissed(this.#state)
    return this.#phase === 'again' && hasDismissedSince(this.#state, sinceMs)
  }

  /** Whether somebody else has put another content there, under an id that this device drew: what was made here was never taken. */
  #isOfAnother(block: BlockId, { bodyRoot, sizeBytes }: Body): boolean {
    if (this.#phase !== 'again' || this.#doer.author !== null || sizeBytes === 0) return false
    const isShown = holdsAsIn(this.#state, block, bodyRoot) || isListed(this.#state, block, bodyRoot)
    return !isShown && !this.#standsAsMade(block)
  }

  /**
   * Whether a new file stands under this device's own signature, whatever was written into it since: what one change brings is taken
   * whole. Whoever took the entry out of it, to put a content of his own there, could as well write over it afterwards.
   */
  #standsAsMade(block: BlockId): boolean {
    const [entry, content] = [entryOf(this.#state, block)?.entry, contentOf(this.#state, block)?.content]
    if (entry === undefined || content === undefined) return false
    const { principal } = this.#doer
    return [entry, content].some(({ fields }) => fields.origin === null && equal(principalOf(fields.author), principal))
  }

  #write(deed: DeedOf<'writeFile'>): Step {
    const { block, base, seen, body, key, keyEpoch, isSame } = deed
    const { ring, records } = this.#doer
    const row = entryOf(this.#state, block)
    const now = contentOf(this.#state, block)
    // Also where it was taken: it may have stood in the trash by then, and been deleted for good before it was brought back.
    if (row === null || now === null) return isSame || this.#isPurgedLater(block) ? done : this.#copy(deed, deed.name)
    const rootNow = now.content.fields.bodyRoot
    const isIn = equal(rootNow, body.bodyRoot)
    const isOver = isIn || this.#phase === 'taken'
    if (isSame && (isOver || !equal(rootNow, base))) return done
    if (isOver) return this.#tidy(block, row, null)
    const isSeen =
      [base, ...seen].some((root) => holdsAsIn(this.#state, block, root)) || this.#isDoneBefore(now.content)
    if (!isSeen && this.#isDoneSince(now.stampMs, now.content)) return done
    if (!isSeen) return this.#isReplacedLater(deed) ? done : this.#copy(deed, ring.nameOf(this.#state, row.entry))
    const contentIn = async (state: TreeState): Promise<readonly SignedRecord[]> => [
      await (isSame ? records.resealed(state, block, body) : records.content(state, block, body, this.#lineage)),
    ]
    const epochNow = accessOf(this.#state, block)?.fields.keyEpoch
    if (isKeyOwed(this.#state, block)) {
      // It brings the key that the block owes.
      if (keyEpoch - 1 === epochNow)
        return this.#make(
          block,
          async (state) => {
            const its = await contentIn(state)
            return this.#isKnownElsewhere ? [...its, await records.otherKey(state, block, this.#doer.seed)] : its
          },
          key,
        )
    } else {
      const known = ring.keyOf(this.#state, block, keyEpoch)
      if (keyEpoch === epochNow && known !== null && equal(known, key)) return this.#make(null, contentIn)
    }
    // The block has had another key since, or owes one.
    return {
      kind: 'seal',
      block,
      over: this.#state,
      toDeed: (_block, key, keyEpoch, body) => ({
        tag: 'writeFile',
        value: { ...deed, key, keyEpoch, earlierKeys: [], body },
      }),
    }
  }

  /** What was learned of another tree gives way to whatever became of the link meanwhile: it is learned again. */
  #renewLink({ block, base, body, key, keyEpoch }: DeedOf<'writeFile'>): Step {
    const { ring, records } = this.#doer
    const rootNow = contentOf(this.#state, block)?.content.fields.bodyRoot
    if (this.#phase === 'taken' || rootNow === undefined || !equal(rootNow, base)) return done
    const known = ring.keyOf(this.#state, block)
    const isSealedNow =
      accessOf(this.#state, block)?.fields.keyEpoch === keyEpoch && known !== null && equal(known, key)
    if (!isSealedNow || isKeyOwed(this.#state, block)) return done
    return this.#make(null, async (state) => [await records.content(state, block, body, this.#lineage)])
  }

  /** What can not take the file's place stands beside it. */
  #copy({ block, folder }: DeedOf<'writeFile'>, name: string): Step {
    const parent = parentOf(this.#state, block)
    return this.#sealedAs((parent === null ? null : pathOf(this.#state, parent)) ?? folder, name)
  }

  #sealedAs(home: IdPath, name: string): Step {
    const { deviceName, madeAtMs } = this.#doer
    return {
      kind: 'seal',
      block: null,
      over: this.#state,
      toDeed: (block, key, _keyEpoch, body) => ({
        tag: 'addFile',
        value: { block, folder: home, name: nameFrom(name, deviceName(), madeAtMs), key, body },
      }),
    }
  }

  #rename({ block, name }: DeedOf<'rename'>): Step {
    const row = entryOf(this.#state, block)
    const home = row === null ? null : pathOf(this.#state, blockIdOf(row.entry.fields.parent))
    if (row === null || home === null || this.#isOvertaken(row)) return done
    if (this.#phase === 'taken') return this.#untwin(block, row, name)
    const next = this.#nameFor(home, block, name)
    if (this.#doer.ring.nameOf(this.#state, row.entry) === next) return done
    return this.#make(blockIdOf(home), async (state) => [
      await this.#doer.records.entry(state, block, { name: next, lineage: this.#lineage }),
    ])
  }

  #move({ block, folder, name }: DeedOf<'move'>): Step {
    const row = entryOf(this.#state, block)
    const from = pathOf(this.#state, block)
    if (row === null || from === null || this.#isOvertaken(row)) return done
    // Whoever brought the same before may have brought along as well that it was deleted then.
    if (this.#doer.author !== null && row.trashedAtMs !== null) return done
    if (this.#phase === 'taken') return this.#tidy(block, row, name)
    const home = this.#livingFolder(folder)
    const isThere = equal(blockIdOf(home), blockIdOf(row.entry.fields.parent))
    // Two folders were moved into each other: the one that came first stays.
    if (contains(from, home) || (isThere && row.trashedAtMs === null)) return done
    return this.#moveTo(block, row, home, name)
  }

  #rekey(block: BlockId): Step {
    const access = accessOf(this.#state, block)
    const path = pathOf(this.#state, block)
    if (access === null || path === null) return done
    if (isKeyOwed(this.#state, block)) return this.#make(block, async () => [])
    if (samePath(access.fields.path, path)) return done
    const lineage = lineageOf(this.#state, block)
    return this.#make(null, (state) => this.#rekeyed(state, block, parentPath(path)!, { lineage }))
  }

  /** Those of them whose folders owe nothing any more: each gets a key by itself, in whatever order they stand. */
  #renew(blocks: readonly BlockId[]): Step {
    const owing = this.#phase === 'taken' ? [] : blocks.filter((block) => isRenewable(this.#state, block))
    if (owing.length === 0) return done
    const { records, seed } = this.#doer
    return this.#make(null, async (state) => {
      const renewed = await Promise.all(owing.map((block) => records.renewed(state, block, seed)))
      return renewed.flatMap((each) => each.records)
    })
  }

  #arrive(block: BlockId): Step {
    const row = entryOf(this.#state, block)
    if (row === null || row.entry.fields.movedFrom === null) return done
    return this.#make(null, async (state) => [
      await this.#doer.records.entry(state, block, { movedFrom: null, lineage: lineageOf(state, block) }),
    ])
  }

  #trash({ block, seen }: DeedOf<'trash'>): Step {
    const row = entryOf(this.#state, block)
    if (row === null || this.#isOvertaken(row)) return done
    const { ring, records } = this.#doer
    const isLost = this.#phase !== 'first' && this.#wasWrittenUnseen(row, seen)
    const isTaken = this.#phase === 'taken'
    const name = ring.nameOf(this.#state, row.entry)
    // Where it lies there already, whoever put it there may have seen what was written.
    if (row.trashedAtMs !== null)
      return isLost && isTaken && !this.#isTrashedLater(block) ? this.#bringBack(block, row, name) : done
    // It may have been brought back by now, to where its name was free no longer.
    if (isTaken) return this.#untwin(block, row, name)
    return isLost
      ? done
      : this.#make(null, async (state) => [
          await records.entry(state, block, { trashed: true, lineage: this.#lineage }),
        ])
  }

  #restore({ block, name }: DeedOf<'restore'>): Step {
    const row = entryOf(this.#state, block)
    if (row === null || this.#isOvertaken(row)) return done
    if (row.trashedAtMs === null || this.#phase === 'taken') return this.#tidy(block, row, name)
    return this.#bringBack(block, row, name)
  }

  /** Blocks that others have brought back, or put something into, stay. */
  #purge(blocks: Seen): Step {
    if (this.#phase === 'taken') return done
    const doomed = new Map<string, BlockId>()
    for (const { block, bodyRoot } of blocks) {
      const isKnown = this.#isKnown(block, bodyRoot)
      if (entryOf(this.#state, block) === null || !isKnown || !this.#isInTrash(block)) continue
      const isEmpty = [...childrenOf(this.#state, block)].every(({ entry }) => doomed.has(keyOf(entry.fields.child)))
      if (isEmpty) doomed.set(keyOf(block), block)
    }
    if (doomed.size === 0) return done
    const { records } = this.#doer
    return this.#make(null, (state) => Promise.all([...doomed.values()].map((block) => records.removal(state, block))))
  }

  /** Whether the device whose deed is brought along has come by itself, or by a third one, and has gone on since. */
  #isOvertaken({ entry, stampMs }: EntryRow): boolean {
    const isBroughtHere = equal(principalOf(entry.fields.author), this.#doer.principal)
    return !isBroughtHere && this.#isDoneSince(stampMs, entry)
  }
  #isDoneSince(stampMs: number, by: DoneRecord): boolean {
    const { author, principal, sinceMs, version } = this.#doer
    const isOfAnother = author !== null && !equal(author, principal)
    return isOfAnother && stampMs > sinceMs && equal(doerOf(by), author) && by.fields.version >= version
  }
  /** Whether the device whose deed is brought along did that before: it had seen what it did itself. */
  #isDoneBefore(by: SignedRecord<'content'>): boolean {
    const { author, version } = this.#doer
    return author !== null && equal(doerOf(by), author) && by.fields.version < version
  }
  /** Of what is brought along for another device. */
  get #lineage(): Lineage | null {
    const { author, version } = this.#doer
    return author === null ? null : { doer: author, version }
  }

  // --- what they share ------------------------------------------------------------------------------------------------------

  /**
   * @param sealing the block under whose key something is sealed: what it owes is renewed in the same change; null: under none
   * @param ownKey of that block, where it is renewed
   */
  #make(sealing: BlockId | null, make: (state: TreeState) => Promise<readonly SignedRecord[]>, ownKey?: Bytes): Step {
    const { records, seed } = this.#doer
    return {
      kind: 'records',
      make: async () => {
        if (sealing === null) return make(this.#state)
        const renewed = await records.renewed(this.#state, sealing, seed, ownKey)
        return [...renewed.records, ...(await make(renewed.state))]
      },
    }
  }

  /**
   * A block that is there, and what others did to it in the same instant: to its name, or to where it stands.
   * @param name that it should have; null for what is about its content alone
   */
  #tidy(block: BlockId, row: EntryRow, name: string | null): Step {
    const { parent } = row.entry.fields
    const wanted = name ?? this.#doer.ring.nameOf(this.#state, row.entry)
    const doneAtMs = (name === null ? contentOf(this.#state, block) : row)?.stampMs ?? row.stampMs
    if (row.trashedAtMs !== null) {
      // Who deleted the file saw nothing of the content; one who deleted a new file must have seen it.
      return name === null && this.#wasTrashedUnseen(row, doneAtMs) ? this.#bringBack(block, row, wanted) : done
    }
    if (this.#isInTrashUnseen(blockIdOf(parent), doneAtMs))
      return this.#moveTo(block, row, this.#livingFolder(pathOf(this.#state, blockIdOf(parent))!), wanted)
    return this.#untwin(block, row, wanted)
  }

  /** Another name for what has the same as its neighbour. */
  #untwin(block: BlockId, row: EntryRow, name: string): Step {
    const home = pathOf(this.#state, blockIdOf(row.entry.fields.parent))
    const isAlone = home === null || row.trashedAtMs !== null
    if (isAlone || !this.#namesIn(home, block).has(this.#doer.ring.nameOf(this.#state, row.entry))) return done
    const next = this.#nameFor(home, block, name)
    return this.#make(blockIdOf(home), async (state) => [
      await this.#doer.records.entry(state, block, { name: next, lineage: this.#lineage }),
    ])
  }

  /** To where it was; to where the reach of this device begins where that is gone or in the trash itself. */
  #bringBack(block: BlockId, row: EntryRow, name: string): Step {
    const home = blockIdOf(row.entry.fields.parent)
    const path = pathOf(this.#state, home)
    if (path === null || this.#isInTrash(home)) return this.#moveTo(block, row, this.#base, name)
    const next = this.#nameFor(path, block, name)
    const isSame = this.#doer.ring.nameOf(this.#state, row.entry) === next
    const change = { trashed: false, lineage: this.#lineage, ...(isSame ? {} : { name: next }) }
    return this.#make(isSame ? null : home, async (state) => [await this.#doer.records.entry(state, block, change)])
  }

  #moveTo(block: BlockId, row: EntryRow, home: IdPath, wanted: string): Step {
    const isThere = equal(blockIdOf(home), blockIdOf(row.entry.fields.parent))
    const movedFrom = isThere ? null : pathOf(this.#state, block)
    const name = this.#nameFor(home, block, wanted)
    return this.#make(blockIdOf(home), (state) =>
      this.#rekeyed(state, block, home, { name, movedFrom, trashed: false, lineage: this.#lineage }),
    )
  }

  #rekeyed(state: TreeState, block: BlockId, home: IdPath, change: EntryChange): Promise<readonly SignedRecord[]> {
    const { records, seed } = this.#doer
    return records.rekeyed(state, block, home, change, seed)
  }

  /** The folder at the end of a path, or the nearest below it that is neither gone nor, by now, in the trash. */
  #livingFolder(folder: IdPath): IdPath {
    if (this.#phase === 'first') return folder
    const base = this.#base
    for (let at = folder; at.ids.length > base.ids.length; at = parentPath(at)!) {
      const block = blockIdOf(at)
      const path = pathOf(this.#state, block)
      const isFolder = entryOf(this.#state, block)?.entry.fields.kind === 'directory'
      if (path !== null && isFolder && !this.#isInTrash(block)) return path
    }
    return base
  }

  /** The folder where the reach of this device begins: it can put nothing below it, whatever becomes of it. */
  get #base(): IdPath {
    return pathOf(this.#state, this.#doer.ring.base) ?? rootPath(this.#state.treeId)
  }

  #isInTrash(block: BlockId): boolean {
    return this.#entriesDownFrom(block).some(({ trashedAtMs }) => trashedAtMs !== null)
  }

  /** Whether a folder or one below it was put into the trash by somebody else, and this device did not know. */
  #isInTrashUnseen(block: BlockId, doneAtMs: number): boolean {
    return this.#entriesDownFrom(block).some((row) => this.#wasTrashedUnseen(row, doneAtMs))
  }

  /** @param doneAtMs stamp of what was done there; who deleted it together with that, or later, looks himself whether he had seen it */
  #wasTrashedUnseen({ entry, trashedAtMs }: EntryRow, doneAtMs: number): boolean {
    const isLater = trashedAtMs !== null && trashedAtMs > this.#doer.sinceMs && trashedAtMs < doneAtMs
    return isLater && !this.#isTrashedLater(entry.fields.child)
  }

  /** Of a block and of all folders below it, as far as this device reaches. */
  #entriesDownFrom(block: BlockId): readonly EntryRow[] {
    const rows: EntryRow[] = []
    const { base } = this.#doer.ring
    for (let at: BlockId | null = block; at !== null && compare(at, base) !== 0; at = parentOf(this.#state, at)) {
      const row = entryOf(this.#state, at)
      if (row !== null) rows.push(row)
    }
    return rows
  }

  /** Whether somebody wrote a file, or into a folder, and whoever deletes it had not seen that. */
  #wasWrittenUnseen(top: EntryRow, seen: Seen): boolean {
    const known = new Map(seen.map(({ block, bodyRoot }) => [keyOf(block), bodyRoot]))
    // Of what there was no room for stamps tell it, by what others did.
    const isUnseen = (stampMs: number, who: Bytes): boolean =>
      seen.length < blockCountPerDeed || (stampMs > this.#doer.sinceMs && !this.#isOwn(who))
    for (const pending = [top]; pending.length > 0;) {
      const { entry, stampMs } = pending.pop()!
      const { kind, child } = entry.fields
      const content = contentOf(this.#state, child)
      const knownRoot = known.get(keyOf(child))
      if (knownRoot === undefined) {
        if (isUnseen(stampMs, doerOf(entry))) return true
        if (content !== null && isUnseen(content.writtenAtMs, doerOf(content.content))) return true
      } else if (!this.#isKnown(child, knownRoot)) return true
      if (kind === 'directory') pending.push(...childrenOf(this.#state, child))
    }
    return false
  }

  /** The name itself where it is free, else one that says whose and when it is. */
  #nameFor(home: IdPath, block: BlockId, name: string): string {
    if (this.#phase === 'first') return name
    const taken = this.#namesIn(home, block)
    if (!taken.has(name)) return name
    const { deviceName, madeAtMs } = this.#doer
    return numberedName(nameFrom(name, deviceName(), madeAtMs), (candidate) => !taken.has(candidate))
  }

  /** Names in a folder, but for those of one block and of what is in the trash. */
  #namesIn(home: IdPath, except: BlockId): ReadonlySet<string> {
    const names = new Set<string>()
    for (const { entry, trashedAtMs } of childrenOf(this.#state, blockIdOf(home)))
      if (trashedAtMs === null && !equal(entry.fields.child, except))
        names.add(this.#doer.ring.nameOf(this.#state, entry))
    return names
  }

  /** @param bodyRoot null for a folder */
  #isAsSeen(block: BlockId, bodyRoot: Bytes | null): boolean {
    return bodyRoot === null ? contentOf(this.#state, block) === null : holdsAsIn(this.#state, block, bodyRoot)
  }

  /**
   * Whether who deleted a block knew what is in it. What this device wrote before may have waited to be sealed anew, and so not have
   * been shown.
   */
  #isKnown(block: BlockId, bodyRoot: Bytes | null): boolean {
    if (this.#isAsSeen(block, bodyRoot)) return true
    const now = contentOf(this.#state, block)
    return now !== null && this.#isOwn(doerOf(now.content))
  }

  /** Whether this device wrote another version over this one. It may have written over that of another device instead. */
  #isReplacedLater({ block, body }: DeedOf<'writeFile'>): boolean {
    return this.#later.some(
      ({ tag, value }) => tag === 'writeFile' && equal(value.block, block) && equal(value.base, body.bodyRoot),
    )
  }

  #isPurgedLater(of: BlockId): boolean {
    return this.#later.some(({ tag, value }) => tag === 'purge' && value.blocks.some(({ block }) => equal(block, of)))
  }

  #isTrashedLater(block: BlockId): boolean {
    return this.#later.some(({ tag, value }) => tag === 'trash' && equal(value.block, block))
  }

  /** Whether this device did both; what it brings along for another, that one did not do over what this one wrote. */
  #isOwn(principal: Bytes): boolean {
    const { author, principal: own } = this.#doer
    return equal(principal, own) && (author === null || equal(author, own))
  }
}

const blockTaken = (): Promise<never> =>
  Promise.reject(
    new RefusedError(
      refused('blockTaken', 'Another device put something else where this link was to be. Make the link again.').fault,
    ),
  )
