/**
 * What a person does with files and folders, as signed records: create, add, write, rename, move, delete, bring back.
 *
 * Every deed is one change that the tree takes whole or not at all, named by the page's request id; asked twice it takes effect
 * once. Only a move of a folder and a deletion for good go on after their first change, and both go on after a restart.
 * @module
 */
import { type Bytes, CancelledError, RefusedError, orRefuse, refused, toHex, wipe } from '../core/bytes/bytes.ts'
import { blockKeySchedule } from '../core/crypto/crypto.ts'
import { wrapEarlier, wrapUnderParent } from '../core/cap/cap.ts'
import { type BlockKind, type SignedRecord, keyEpochMax } from '../core/block/block.ts'
import { type BlockId, type IdPath, blockIdOf, childPath, nameFromPerson, samePath } from '../core/path/path.ts'
import { accessOf, contentOf, entryOf, pathOf, requestOf } from '../core/tree/tree.ts'
import type { Change } from '../port/store.ts'
import type { Item } from './api.ts'
import { type Content, type WrittenBody, abandonBody, writeBody } from './bodies.ts'
import type { JobHandle } from './jobs.ts'
import { type OwnTree, blockIdOfRequest, requestIdOf } from './own-tree.ts'
import { type TreeView, idFromText, idText } from './read/view.ts'

/** Records signed and proposed together by a job that touches many. */
const recordCountPerChange = 256

export class Files {
  readonly #tree: OwnTree
  readonly #view: TreeView
  /** Names that a deed under way is about to take: parent id, slash (no name has one), name. */
  readonly #reserved = new Set<string>()
  /** Moves whose re-keying is under way, by the block that moved. */
  readonly #finishing = new Map<string, Promise<void>>()

  constructor(tree: OwnTree, view: TreeView) {
    this.#tree = tree
    this.#view = view
  }

  async createFolder(requestId: string, parentId: string, typedName: string): Promise<string> {
    const request = requestIdOf(requestId)
    const child = blockIdOfRequest(this.#tree.treeId, requestId)
    if (this.#tree.isDone(request)) return idText(child)
    const typed = orRefuse(nameFromPerson(typedName))
    const key = this.#random(32)
    await this.#underFreeName(parentId, typed, async (name) => {
      const records = await this.newBlock(this.#folder(parentId), child, 'directory', name, key)
      await this.#tree.change(request, records)
    })
    wipe(key)
    return idText(child)
  }

  async addFile(
    requestId: string,
    parentId: string,
    typedName: string,
    content: Content,
    job: JobHandle,
  ): Promise<string> {
    const request = requestIdOf(requestId)
    const child = blockIdOfRequest(this.#tree.treeId, requestId)
    if (this.#tree.isDone(request)) return idText(child)
    const typed = orRefuse(nameFromPerson(typedName))
    this.#folder(parentId)
    await this.putFile(request, child, content, job, (finish) =>
      this.#underFreeName(parentId, typed, (name) => finish(this.#folder(parentId), name)),
    )
    return idText(child)
  }

  /**
   * A file that does not exist yet, with its content.
   * @param settle says where and under which name at the end, since an upload takes time
   */
  async putFile(
    request: Bytes,
    child: BlockId,
    content: Content,
    job: JobHandle,
    settle: (finish: (place: IdPath, name: string) => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const tree = this.#tree
    const key = this.#random(32)
    const sectorKeys = blockKeySchedule(key)
    const written = await writeBody(tree, child, 1, sectorKeys, content, job).finally(() => sectorKeys.wipe())
    try {
      await settle(async (place, name) => {
        const { bodyRoot, sizeBytes } = written
        const fields = {
          path: childPath(place, child),
          version: 1,
          previousHash: null,
          bodyRoot,
          sizeBytes,
          keyEpoch: 1,
        }
        const [records, signedContent] = await Promise.all([
          this.newBlock(place, child, 'file', name, key),
          tree.author.sign('content', fields),
        ])
        job.check()
        await tree.change(request, [...records, signedContent], written.attached)
      })
    } catch (error) {
      await this.#abandon(child, written, error)
      throw error
    } finally {
      wipe(key)
    }
  }

  /** A new version of a file's content. */
  async writeFile(requestId: string, id: string, content: Content, job: JobHandle): Promise<void> {
    const tree = this.#tree
    const tries = triesOf(requestId)
    if (this.#isTaken(tries)) return
    const block = this.#block(id)
    const keyEpoch = accessOf(tree.state, block)?.fields.keyEpoch ?? 0
    const sectorKeys = tree.ring.sectorKeys(tree.state, block, keyEpoch)
    if (sectorKeys === null || contentOf(tree.state, block) === null) throw gone()
    const written = await writeBody(tree, block, keyEpoch, sectorKeys, content, job)
    try {
      const { bodyRoot, sizeBytes } = written
      await this.#untilTaken(
        tries,
        async () => {
          const previous = contentOf(tree.state, block)?.content
          const path = pathOf(tree.state, block)
          // A move meanwhile changed the key; the sectors keep the epoch that they were sealed under.
          const keyEpoch = accessOf(tree.state, block)?.fields.keyEpoch
          if (previous === undefined || path === null || keyEpoch === undefined) throw gone()
          const next = { version: previous.fields.version + 1, previousHash: previous.hash }
          return [await tree.author.sign('content', { path, ...next, bodyRoot, sizeBytes, keyEpoch })]
        },
        written.attached,
      )
    } catch (error) {
      await this.#abandon(block, written, error)
      throw error
    }
  }

  async rename(requestId: string, id: string, typedName: string): Promise<void> {
    const typed = orRefuse(nameFromPerson(typedName))
    await this.#underFreeName(this.#item(id).parentId!, typed, (name) => this.#changeEntry(requestId, id, { name }), id)
  }

  trash(requestId: string, id: string): Promise<void> {
    this.#item(id)
    return this.#changeEntry(requestId, id, { trashed: true })
  }

  /** Back to where it was; to the root folder where that is gone or in the trash itself. */
  async restore(requestId: string, id: string, job: JobHandle): Promise<void> {
    const item = this.#item(id)
    const home = item.parentId!
    const isHomeOpen = this.#view.get(home) !== null && !this.#view.isTrashed(home)
    if (!isHomeOpen) return this.move(requestId, id, this.#view.rootId, job)
    await this.#underFreeName(
      home,
      item.name,
      (name) => this.#changeEntry(requestId, id, name === item.name ? { trashed: false } : { trashed: false, name }),
      id,
    )
  }

  /** Deletes for good, what lies deepest first. */
  async purge(requestId: string, id: string | null, job: JobHandle): Promise<void> {
    // What is gone is deleted, be it by this request before a restart.
    if (id !== null && this.#view.get(id) === null) return
    const trashed =
      id === null ? [...this.#view.items.values()].filter(({ trashedAtMs }) => trashedAtMs !== null) : [this.#item(id)]
    if (id !== null && !this.#view.isTrashed(id))
      throw refusal('notInTrash', 'Only what is in the trash can be deleted for good.')
    // Each once, though it may have been trashed by itself and with its folder, and what lies deepest first.
    const depths = new Map<string, number>()
    for (const item of trashed.flatMap(({ id: top }) => this.#view.subtreeOf(top)))
      depths.set(item.id, this.#view.depthOf(item.id))
    const doomed = [...depths].toSorted(([, one], [, other]) => other - one).map(([doomedId]) => this.#item(doomedId))
    job.setTotal(doomed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
    let doneBytes = 0
    for (let start = 0; start < doomed.length; start += recordCountPerChange) {
      job.check()
      const part = doomed.slice(start, start + recordCountPerChange)
      // Named by what they begin with: a repetition after a restart finds another list.
      await this.#untilTaken(triesOf(`${requestId} from ${part[0]!.id}`), async () => {
        const removals = await Promise.all(part.map(({ id: doomedId }) => this.#removal(idFromText(doomedId)!)))
        return removals.filter((removal) => removal !== null)
      })
      job.advance((doneBytes += part.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)))
    }
  }

  /**
   * To another folder. The item itself moves at once and gets a new key; what lies above it keeps its keys, readable through
   * the new one, until `finishMove` has given each block a new key and new signatures for its new place.
   */
  async move(requestId: string, id: string, targetId: string, job: JobHandle): Promise<void> {
    const tree = this.#tree
    const block = this.#block(id)
    const tries = triesOf(requestId)
    if (!this.#isTaken(tries)) {
      const item = this.#item(id)
      const origin = pathOf(tree.state, block)
      const row = entryOf(tree.state, block)
      const target = this.#folder(targetId)
      if (origin === null || row === null) throw gone()
      if (samePath(blockIdPath(target, block), origin) && !row.entry.fields.trashed) return
      if (this.#view.subtreeOf(id).some((inside) => inside.id === targetId)) {
        throw refusal('moveIntoItself', 'A folder cannot be moved into itself.')
      }
      const isSameFolder = item.parentId === targetId
      // Where it comes from may change until it is gone: by a move of a folder above it.
      const movedFrom = (): IdPath | null => (isSameFolder ? null : pathOf(tree.state, block))
      await this.#underFreeName(
        targetId,
        item.name,
        (name) =>
          this.#untilTaken(tries, () =>
            this.#rekeyed(block, this.#folder(targetId), { name, movedFrom: movedFrom(), trashed: false }),
          ),
        id,
      )
    }
    await this.finishMove(block, job)
  }

  /** Moves whose re-keying was cut short; each is finished under its own block's id. */
  unfinishedMoves(): readonly BlockId[] {
    const found: BlockId[] = []
    for (const { id } of this.#view.items.values()) {
      const block = idFromText(id)!
      if (entryOf(this.#tree.state, block)?.entry.fields.movedFrom) found.push(block)
    }
    return found
  }

  /** Re-keys what lies above a moved block. Whoever asks while it is under way waits for the same work. */
  finishMove(top: BlockId, job: JobHandle): Promise<void> {
    const id = idText(top)
    let work = this.#finishing.get(id)
    if (work === undefined) {
      work = this.#rekeyAbove(top, job).finally(() => this.#finishing.delete(id))
      this.#finishing.set(id, work)
    }
    return work
  }

  async #rekeyAbove(top: BlockId, job: JobHandle): Promise<void> {
    const tree = this.#tree
    const topId = idText(top)
    const stale = () => this.#view.subtreeOf(topId).filter(({ id }) => id !== topId && this.#isStale(idFromText(id)!))
    job.setTotal(stale().length)
    for (let done = 0; ;) {
      // Asked anew each round: a folder comes before what it holds, and meanwhile things may have come or gone.
      const part = stale().slice(0, recordCountPerChange / 4)
      if (part.length === 0) break
      for (const { id } of part) {
        job.check()
        const block = idFromText(id)!
        await this.#untilTaken(triesOf(`rekey ${id} ${toHex(this.#random(16))}`), async () => {
          const parentId = this.#view.get(id)?.parentId
          const parent = parentId === null || parentId === undefined ? null : pathOf(tree.state, idFromText(parentId)!)
          return parent !== null && this.#isStale(block) ? this.#rekeyed(block, parent, {}) : []
        })
      }
      job.advance((done += part.length))
    }
    await this.#untilTaken(triesOf(`moved ${topId} ${toHex(this.#random(16))}`), async () => {
      const row = entryOf(tree.state, top)
      return row === null || row.entry.fields.movedFrom === null
        ? []
        : [await this.#nextEntry(top, { movedFrom: null })]
    })
  }

  /** Whether a block's records name another place than the one where it stands. */
  #isStale(block: BlockId): boolean {
    const path = pathOf(this.#tree.state, block)
    const access = accessOf(this.#tree.state, block)
    return path !== null && access !== null && !samePath(access.fields.path, path)
  }

  /** Entry and access record, unsigned fields filled in, of a block that begins to exist. */
  async newBlock(parent: IdPath, child: BlockId, kind: BlockKind, name: string, key: Bytes): Promise<SignedRecord[]> {
    const { ring, author, state, treeId } = this.#tree
    const directory = blockIdOf(parent)
    const parentAccess = accessOf(state, directory)
    const parentKey = ring.keyOf(state, directory)
    if (parentAccess === null || parentKey === null) throw gone()
    const { keyEpoch: parentKeyEpoch } = parentAccess.fields
    const sealedName = ring.sealName(state, directory, child, name, this.#random(24))
    const wrappedKey = wrapUnderParent(parentKey, treeId, child, 1, key, this.#random(24))
    const first = { version: 1, previousHash: null }
    return Promise.all([
      author.sign('entry', {
        ...first,
        parent,
        child,
        kind,
        sealedName,
        nameKeyEpoch: parentKeyEpoch,
        trashed: false,
        movedFrom: null,
      }),
      author.sign('access', {
        ...first,
        path: childPath(parent, child),
        keyEpoch: 1,
        parentKeyEpoch,
        wrappedKey,
        readcaps: [],
        earlierKeys: [],
      }),
    ])
  }

  /** The records that put an existing block at `parent` under a new key: entry, access, and a file's content record. */
  async #rekeyed(block: BlockId, parent: IdPath, entry: EntryChange): Promise<SignedRecord[]> {
    const { ring, author, state, treeId } = this.#tree
    const access = accessOf(state, block)
    const parentAccess = accessOf(state, blockIdOf(parent))
    const parentKey = ring.keyOf(state, blockIdOf(parent))
    const oldKey = ring.keyOf(state, block)
    if (access === null || parentAccess === null || parentKey === null || oldKey === null) throw gone()
    const keyEpoch = access.fields.keyEpoch + 1
    if (keyEpoch > keyEpochMax)
      throw refusal('keyEpochsExhausted', 'This item was moved too often to be moved again; copy it instead.')
    const key = this.#random(32)
    const earlierKeys = Array.from({ length: keyEpoch - 1 }, (_, position) => {
      const earlier = ring.keyOf(state, block, position + 1)
      if (earlier === null) throw gone()
      return wrapEarlier(key, treeId, block, position + 1, earlier, this.#random(24))
    })
    const path = childPath(parent, block)
    const records: Promise<SignedRecord>[] = [
      this.#nextEntry(block, { ...entry, parent }),
      author.sign('access', {
        path,
        version: access.fields.version + 1,
        previousHash: access.hash,
        keyEpoch,
        parentKeyEpoch: parentAccess.fields.keyEpoch,
        wrappedKey: wrapUnderParent(parentKey, treeId, block, keyEpoch, key, this.#random(24)),
        readcaps: [],
        earlierKeys,
      }),
    ]
    const content = contentOf(state, block)?.content
    if (content !== undefined) {
      const { bodyRoot, sizeBytes, version } = content.fields
      const next = { version: version + 1, previousHash: content.hash }
      records.push(author.sign('content', { path, ...next, bodyRoot, sizeBytes, keyEpoch }))
    }
    wipe(key)
    return Promise.all(records)
  }

  /** The next version of a block's entry; its name is sealed anew whenever the directory or the name changes. */
  async #nextEntry(block: BlockId, change: EntryChange): Promise<SignedRecord<'entry'>> {
    const { ring, author, state } = this.#tree
    const row = entryOf(state, block)
    if (row === null) throw gone()
    const { author: _author, writecapHash: _writecapHash, ...fields } = row.entry.fields
    const parent = change.parent ?? pathOf(state, blockIdOf(fields.parent))
    const parentAccess = parent === null ? null : accessOf(state, blockIdOf(parent))
    if (parent === null || parentAccess === null) throw gone()
    const name = change.name ?? this.#item(idText(block)).name
    const next = {
      ...fields,
      parent,
      version: fields.version + 1,
      previousHash: row.entry.hash,
      trashed: change.trashed ?? fields.trashed,
      movedFrom: change.movedFrom === undefined ? fields.movedFrom : change.movedFrom,
    }
    if (change.name === undefined && change.parent === undefined) return author.sign('entry', next)
    const sealedName = ring.sealName(state, blockIdOf(parent), block, name, this.#random(24))
    return author.sign('entry', { ...next, sealedName, nameKeyEpoch: parentAccess.fields.keyEpoch })
  }

  #changeEntry(requestId: string, id: string, change: EntryChange): Promise<void> {
    return this.#untilTaken(triesOf(requestId), async () => [await this.#nextEntry(this.#block(id), change)])
  }

  /**
   * Signs and proposes records until the tree takes them: what they follow may change while they are signed, by a deed in another
   * tab or by a move that is being finished, and then they are made anew. Each try has a request id of its own, since the fold
   * remembers what it refused.
   * @param prepare makes the records from the state as it is now; none where there is nothing left to do
   */
  async #untilTaken(
    tries: Tries,
    prepare: () => Promise<readonly SignedRecord[]>,
    attached: readonly Change[] = [],
  ): Promise<void> {
    for (let turn = 0; !this.#isTaken(tries); turn++) {
      const records = await prepare()
      if (records.length === 0) return
      try {
        return await this.#tree.change(tries(turn), records, attached)
      } catch (error) {
        const isRace = error instanceof RefusedError && raceCodes.has(error.code)
        if (!isRace || turn + 1 === turnCountMax) throw error
      }
    }
  }

  /** Whether any try of a request took effect, in this life of the node or an earlier one. */
  #isTaken(tries: Tries): boolean {
    for (let turn = 0; turn < turnCountMax; turn++) {
      const outcome = requestOf(this.#tree.state, tries(turn))
      // A try follows only one that the fold refused, so behind one that it does not know there is none.
      if (outcome === null || outcome.fault === null) return outcome !== null
    }
    return false
  }

  /** Two deeds at once may want one name in one folder; the later finds it taken although the tree does not have it yet. */
  async #underFreeName(
    parentId: string,
    wanted: string,
    deed: (name: string) => Promise<void>,
    exceptId?: string,
  ): Promise<void> {
    const name = this.#view.freeName(parentId, wanted, exceptId, (candidate) =>
      this.#reserved.has(`${parentId}/${candidate}`),
    )
    const reservation = `${parentId}/${name}`
    this.#reserved.add(reservation)
    try {
      await deed(name)
    } finally {
      this.#reserved.delete(reservation)
    }
  }

  async #removal(block: BlockId): Promise<SignedRecord<'removal'> | null> {
    const { state, author } = this.#tree
    const row = entryOf(state, block)
    const parent = row === null ? null : pathOf(state, blockIdOf(row.entry.fields.parent))
    if (row === null || parent === null) return null
    return author.sign('removal', { parent, child: block, previousHash: row.entry.hash })
  }

  /** An item that can be changed: it exists and is not the root. */
  #item(id: string): Item {
    const item = this.#view.get(id)
    if (item === null || item.parentId === null) throw gone()
    return item
  }

  #block(id: string): BlockId {
    return idFromText(this.#item(id).id)!
  }

  /** The path of a folder that can take something new. */
  #folder(id: string): IdPath {
    const item = this.#view.get(id)
    const block = idFromText(id)
    const path = block === null || item?.kind !== 'folder' ? null : pathOf(this.#tree.state, block)
    if (path === null || this.#view.isTrashed(id))
      throw refusal('placeUnknown', 'That folder is not there any more; choose another.')
    return path
  }

  /** Objects of a change that was certainly not made. After any other failure the next start finds out by the lease. */
  async #abandon(block: BlockId, written: WrittenBody, error: unknown): Promise<void> {
    if (error instanceof RefusedError || error instanceof CancelledError) await abandonBody(this.#tree, block, written)
  }

  #random(sizeBytes: number): Bytes {
    return this.#tree.platform.random.bytes(sizeBytes)
  }
}

interface EntryChange {
  readonly parent?: IdPath
  readonly name?: string
  readonly trashed?: boolean
  readonly movedFrom?: IdPath | null
}

const blockIdPath = (parent: IdPath, block: BlockId): IdPath => childPath(parent, block)

/** What a record is refused for when something came before it: another version, another key, another place. */
const raceCodes: ReadonlySet<string> = new Set(['raceLost', 'keyEpochWrong', 'placeUnknown', 'placeWrong'])
/** Tries of one request before its race counts as lost. */
const turnCountMax = 8
/** The ids under which the tree remembers the tries of one request, the first being 0; each is made once. */
type Tries = (turn: number) => Bytes
function triesOf(requestId: string): Tries {
  const made: Bytes[] = []
  return (turn) => (made[turn] ??= requestIdOf(turn === 0 ? requestId : `${requestId} turn ${turn}`))
}

const refusal = (code: string, sentence: string): RefusedError => new RefusedError(refused(code, sentence).fault)
const gone = (): RefusedError => refusal('itemGone', 'This item is not there any more.')
