/**
 * What a person does with files and folders: create, add, write, rename, move, delete, bring back.
 *
 * Every deed is one change that the tree takes whole or not at all, named by the page's request id; asked twice it takes effect
 * once. Only a move of a folder and a deletion for good go on after their first change, and both go on after a restart.
 * @module
 */
import {
  type ByteRange,
  type Bytes,
  CancelledError,
  RefusedError,
  equal,
  keyOf,
  orRefuse,
  refused,
  toHex,
} from '../core/bytes/bytes.ts'
import { type SectorKeys, blockKeySchedule } from '../core/crypto/crypto.ts'
import type { Body } from '../core/block/block.ts'
import { type BlockId, type IdPath, nameFromPerson, samePath } from '../core/path/path.ts'
import { type TreeState, accessOf, entryOf, linkTo, parentOf, pathOf } from '../core/tree/tree.ts'
import type { Edit, Item } from './api.ts'
import {
  type Content,
  type Lasting,
  type WrittenBody,
  abandonBody,
  contentOfBody,
  contentOfBytes,
  rewriteBody,
  writeBody,
} from './bodies.ts'
import { isIdle, rewritingOf } from './edits.ts'
import { type JobHandle, unwatched } from './jobs.ts'
import { type Deed, blockCountPerDeed } from './outbox/deed.ts'
import type { Answer } from './outbox/overlay.ts'
import { bodyRootOf, isListed, seenIn } from './outbox/seen.ts'
import type { OwnTree } from './own-tree.ts'
import { bodyOf } from './read/content.ts'
import type { Streams } from './read/streams.ts'
import { type TreeView, idFromText, idText } from './read/view.ts'
import { gone, sealingKeyOf } from './records.ts'
import { blockIdOfRequest } from './request.ts'
import type { Upload } from './uploads.ts'

/** Seals a content under a key of its block. */
type Write = (keyEpoch: number, keys: SectorKeys) => Promise<WrittenBody>

export class Files {
  readonly #tree: OwnTree
  readonly #view: TreeView
  readonly #streams: Streams
  /** Names that a deed under way is about to take: parent id, slash (no name has one), name. */
  readonly #reserved = new Set<string>()
  /** Moves whose re-keying is under way, by the block that moved. */
  readonly #finishing = new Map<string, Promise<void>>()
  /** Files that come in, by their blocks: their ids, when they are there. */
  readonly #coming = new Map<string, Promise<string>>()
  /** The newest edit of a file that is under way. */
  readonly #editing = new Map<string, Promise<void>>()

  constructor(tree: OwnTree, view: TreeView, streams: Streams) {
    this.#tree = tree
    this.#view = view
    this.#streams = streams
  }

  async createFolder(requestId: string, parentId: string, typedName: string): Promise<string> {
    const block = blockIdOfRequest(this.#tree.treeId, requestId)
    if ((await this.#known(requestId)) !== null) return idText(block)
    const typed = orRefuse(nameFromPerson(typedName))
    await this.#underFreeName(parentId, typed, (name) => this.putFolder(requestId, block, this.#folder(parentId), name))
    return idText(block)
  }

  /** A folder under an id that its maker chose. */
  putFolder(requestId: string, block: BlockId, folder: IdPath, name: string): Promise<Answer> {
    return this.#submit(requestId, { tag: 'createFolder', value: { block, folder, name, key: this.#random(32) } })
  }

  async addFile(
    requestId: string,
    parentId: string,
    typedName: string,
    content: Content,
    job: JobHandle,
  ): Promise<string> {
    const { treeId, uploads } = this.#tree
    const own = blockIdOfRequest(treeId, requestId)
    if ((await this.#known(requestId)) !== null) return idText(this.#tree.outbox.blockOf(requestId) ?? own)
    // Another request has gone on with what this one had begun.
    const others = this.#coming.get(keyOf(own))
    if (others !== undefined) return others
    if (this.#view.get(idText(own)) !== null) return idText(own)
    const typed = orRefuse(nameFromPerson(typedName))
    this.#folder(parentId)
    const upload = uploads.begin(own, idFromText(parentId)!, typed, content)
    const block = upload?.block ?? own
    const put = this.#putInto(parentId, 'addFile', requestId, block, typed, content, job, upload)
    const coming = put.then(() => idText(block))
    this.#coming.set(keyOf(block), coming)
    try {
      return await coming
    } catch (error) {
      if (upload !== null) await uploads.comeBack(upload).catch(() => {})
      throw error
    } finally {
      this.#coming.delete(keyOf(block))
    }
  }

  /** @param content what the link says */
  async addLink(
    requestId: string,
    parentId: string,
    typedName: string,
    content: Bytes,
    job: JobHandle,
  ): Promise<string> {
    const block = blockIdOfRequest(this.#tree.treeId, requestId)
    if ((await this.#known(requestId)) !== null) return idText(block)
    const typed = orRefuse(nameFromPerson(typedName))
    this.#folder(parentId)
    await this.#putInto(parentId, 'addLink', requestId, block, typed, contentOfBytes(content), job)
    return idText(block)
  }

  /** What a link says that leads to an item of this tree. */
  linkTo(targetId: string): Bytes {
    const target = this.#view.get(targetId) === null ? null : pathOf(this.#tree.state, idFromText(targetId)!)
    if (target === null || this.#view.isTrashed(targetId)) throw gone()
    return linkTo(target)
  }

  async #putInto(
    parentId: string,
    tag: TagOfNew,
    requestId: string,
    block: BlockId,
    typed: string,
    content: Content,
    job: JobHandle,
    upload: Upload | null = null,
  ): Promise<void> {
    const write = this.#writing(block, content, job, upload?.lasting)
    const settle: Settle = (finish) =>
      this.#underFreeName(parentId, typed, (name) => finish(this.#folder(parentId), name))
    await this.putContent(tag, requestId, block, write, job, settle, upload?.key)
  }

  /**
   * A file or link that does not exist yet, with its content.
   * @param write seals that
   * @param settle says where and under which name at the end, since an upload takes time
   * @param key the block's first
   */
  async putContent(
    tag: TagOfNew,
    requestId: string,
    block: BlockId,
    write: Write,
    job: JobHandle,
    settle: Settle,
    key = this.#random(32),
  ): Promise<void> {
    await this.#withBody(block, 1, key, true, write, ({ bodyRoot, sizeBytes, attached }) =>
      settle((folder, name) => {
        job.check()
        const body = { bodyRoot, sizeBytes }
        return this.#submit(requestId, { tag, value: { block, folder, name, key, body } }, attached)
      }),
    )
  }

  /** A new version of a file's content. */
  writeFile(requestId: string, id: string, content: Content, job: JobHandle): Promise<void> {
    return this.#write(requestId, id, content, job, 'file')
  }

  /** Another content of a link that leads to the same. */
  renewLink(requestId: string, id: string, content: Bytes): Promise<void> {
    return this.#write(requestId, id, contentOfBytes(content), unwatched, 'link')
  }

  async #write(requestId: string, id: string, content: Content, job: JobHandle, kind: 'file' | 'link'): Promise<void> {
    if ((await this.#known(requestId)) !== null) return
    const { outbox } = this.#tree
    const { sight } = outbox
    const { base, ...version } = this.#nextVersion(id, kind)
    const { block, key, keyEpoch } = version
    const write = this.#writing(block, content, job)
    await this.#withBody(block, keyEpoch, key, true, write, async (written) => {
      const { bodyRoot, sizeBytes, attached } = written
      const body = { bodyRoot, sizeBytes }
      const value = {
        ...version,
        earlierKeys: [],
        body,
        base: base.bodyRoot,
        seen: [],
        isSame: false,
        isLink: kind === 'link',
      }
      const answer = await outbox.submit(requestId, { tag: 'writeFile', value }, attached, sight)
      if (kind === 'link') await this.#dropUntaken(block, written)
      return answer
    })
  }

  /**
   * A new version that has all of the one before it but what is written over; each is made over what the one before it left.
   * @param inTurn around what is done once those before it are
   */
  editFile(
    requestId: string,
    id: string,
    edits: readonly Edit[],
    sizeBytes: number | null,
    job: JobHandle,
    inTurn: (work: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const edit = (): Promise<void> => inTurn(() => this.#edit(requestId, id, edits, sizeBytes, job))
    const done = (this.#editing.get(id) ?? Promise.resolve()).then(edit, edit)
    this.#editing.set(id, done)
    const forget = (): void => {
      if (this.#editing.get(id) === done) this.#editing.delete(id)
    }
    done.then(forget, forget)
    return done
  }

  async #edit(
    requestId: string,
    id: string,
    edits: readonly Edit[],
    sizeBytes: number | null,
    job: JobHandle,
  ): Promise<void> {
    if ((await this.#known(requestId)) !== null) return
    job.check()
    const { state, committed, holdings, outbox, reading } = this.#tree
    const { sight } = outbox
    const { base, ...version } = this.#nextVersion(id, 'file')
    const { block, key, keyEpoch } = version
    const rewriting = rewritingOf(base, edits, sizeBytes)
    if (isIdle(rewriting)) return
    const earlierKeys = this.#earlierKeys(state, block, keyEpoch)
    // What the two share is nobody's but the base's until the deed is there.
    const isBaseWhole = holdings.isWhole(block, base, bodyOf(committed, block))
    const release = this.#streams.use(block, base)
    try {
      const write: Write = (epoch, keys) => rewriteBody(this.#tree, reading, block, epoch, keys, rewriting, job)
      await this.#withBody(block, keyEpoch, key, isBaseWhole, write, (written) => {
        job.check()
        const body = { bodyRoot: written.bodyRoot, sizeBytes: written.sizeBytes }
        const value = { ...version, earlierKeys, body, base: base.bodyRoot, seen: [], isSame: false, isLink: false }
        return outbox.submit(requestId, { tag: 'writeFile', value }, written.attached, sight)
      })
    } finally {
      release()
    }
  }

  /**
   * Seals parts of a content anew under the key in force, and changes nothing of it; gives way to whoever writes it meanwhile.
   * @param ranges of octets, each of whole sectors
   */
  async reseal(block: BlockId, ranges: readonly ByteRange[], job: JobHandle): Promise<Answer> {
    const { committed, holdings, ring, outbox, reading, platform } = this.#tree
    const { sight } = outbox
    const base = bodyOf(committed, block)
    const sealing = sealingKeyOf(committed, ring, block, platform.random)
    const parent = parentOf(committed, block)
    const folder = parent === null ? null : pathOf(committed, parent)
    if (base === null || sealing === null || folder === null) throw gone()
    const { key, keyEpoch } = sealing
    const earlierKeys = this.#earlierKeys(committed, block, keyEpoch)
    const isBaseWhole = holdings.isWhole(block, base, base)
    const content = contentOfBody(reading, block, base)
    const edits = ranges.map(({ startByte, endByte }) => ({
      startByte,
      endByte,
      content: { slice: (start: number, end: number) => content.slice(startByte + start, startByte + end) },
    }))
    const release = this.#streams.use(block, base)
    let answer: Answer = 'taken'
    try {
      const rewriting = { base, edits, sizeBytes: base.sizeBytes }
      const write: Write = (epoch, keys) => rewriteBody(this.#tree, reading, block, epoch, keys, rewriting, job)
      await this.#withBody(block, keyEpoch, key, isBaseWhole, write, async (written) => {
        job.check()
        const body = { bodyRoot: written.bodyRoot, sizeBytes: written.sizeBytes }
        const value = { block, folder, name: '', key, keyEpoch, earlierKeys, body, base: base.bodyRoot, seen: [] }
        const request = `reseal ${toHex(platform.random.bytes(16))}`
        const deed = { tag: 'writeFile' as const, value: { ...value, isSame: true, isLink: false } }
        answer = await outbox.submit(request, deed, written.attached, sight)
        await this.#dropUntaken(block, written)
        return answer
      })
      return answer
    } finally {
      release()
    }
  }

  /** It gave way before anybody was asked for it. */
  async #dropUntaken(block: BlockId, written: WrittenBody): Promise<void> {
    const { committed, holdings, outbox } = this.#tree
    const isOurs = (body: Body | null): boolean => body !== null && equal(body.bodyRoot, written.bodyRoot)
    const isNeeded =
      isOurs(bodyOf(committed, block)) ||
      outbox.bodiesOf(block).some(isOurs) ||
      isListed(committed, block, written.bodyRoot)
    if (isNeeded) return
    holdings.unmade(block, written)
    await abandonBody(this.#tree, block, written)
  }

  #earlierKeys(state: TreeState, block: BlockId, keyEpoch: number): readonly Bytes[] {
    return Array.from({ length: keyEpoch - 1 }, (_, position) => {
      const earlier = this.#tree.ring.keyOf(state, block, position + 1)
      if (earlier === null) throw gone()
      return earlier
    })
  }

  /** Of a file: what is there, and where and under which key what comes next will be. */
  #nextVersion(id: string, kind: 'file' | 'link') {
    const { state, ring, platform } = this.#tree
    const { parentId, name, kind: kindNow } = this.#item(id)
    if (kindNow === 'link' && kind !== 'link')
      throw refusal('linkFixed', 'A link goes on leading to the same; make another one instead.')
    const block = this.#block(id)
    const folder = pathOf(state, idFromText(parentId!)!)
    const sealing = sealingKeyOf(state, ring, block, platform.random)
    const base = bodyOf(state, block)
    if (sealing === null || base === null || folder === null) throw gone()
    return { ...sealing, folder, name, base }
  }

  async rename(requestId: string, id: string, typedName: string): Promise<void> {
    const typed = orRefuse(nameFromPerson(typedName))
    const block = this.#block(id)
    await this.#underFreeName(
      this.#item(id).parentId!,
      typed,
      (name) => this.#submit(requestId, { tag: 'rename', value: { block, name } }),
      id,
    )
  }

  async trash(requestId: string, id: string): Promise<void> {
    const block = this.#block(id)
    await this.#submit(requestId, { tag: 'trash', value: { block, seen: seenIn(this.#tree.state, block) } })
  }

  /** Back to where it was; to the root folder where that is gone or in the trash itself. */
  async restore(requestId: string, id: string, job: JobHandle): Promise<void> {
    const item = this.#item(id)
    const block = this.#block(id)
    const isHomeOpen = this.#view.get(item.parentId!) !== null && !this.#view.isTrashed(item.parentId!)
    const answer = await this.#underFreeName(
      isHomeOpen ? item.parentId! : this.#view.rootId,
      item.name,
      (name) => this.#submit(requestId, { tag: 'restore', value: { block, name } }),
      id,
    )
    if (answer === 'taken') await this.finishMove(block, job)
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
    for (let start = 0; start < doomed.length; start += blockCountPerDeed) {
      job.check()
      const part = doomed.slice(start, start + blockCountPerDeed)
      const blocks = part.map((item) => {
        const block = idFromText(item.id)!
        return { block, bodyRoot: bodyRootOf(this.#tree.state, block) }
      })
      // Named by what they begin with: a repetition after a restart finds another list.
      await this.#submit(`${requestId} from ${part[0]!.id}`, { tag: 'purge', value: { blocks } })
      job.advance((doneBytes += part.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)))
    }
  }

  /**
   * To another folder. The item itself moves at once and gets a new key; what lies above it keeps its keys, readable through
   * the new one, until `finishMove` has given each block a new key and new signatures for its new place.
   */
  async move(requestId: string, id: string, targetId: string, job: JobHandle): Promise<void> {
    const block = this.#block(id)
    const answer = (await this.#known(requestId)) ?? (await this.#moveTop(requestId, id, targetId))
    if (answer === 'taken') await this.finishMove(block, job)
  }

  async #moveTop(requestId: string, id: string, targetId: string): Promise<Answer> {
    const { parentId, name: before, trashedAtMs } = this.#item(id)
    const folder = this.#folder(targetId)
    if (parentId === targetId && trashedAtMs === null) return 'taken'
    this.#throwIfWithin(id, targetId)
    const block = this.#block(id)
    const answer = await this.#underFreeName(
      targetId,
      before,
      (name) => this.#submit(requestId, { tag: 'move', value: { block, folder, name } }),
      id,
    )
    // Of two that are moved into each other at once the one that came first stays, and nothing is left to be done for this one.
    this.#throwIfWithin(id, targetId)
    return answer
  }

  #throwIfWithin(id: string, targetId: string): void {
    if (this.#view.subtreeOf(id).some((inside) => inside.id === targetId))
      throw refusal('moveIntoItself', 'A folder cannot be moved into itself.')
  }

  /** Moves whose re-keying was cut short; each is finished under its own block's id. */
  unfinishedMoves(): readonly BlockId[] {
    const found: BlockId[] = []
    for (const { id } of this.#view.items.values()) {
      const block = idFromText(id)!
      if (this.#isUnfinished(block)) found.push(block)
    }
    return found
  }

  /** The moved block whose re-keying a deed that was kept is a part of, and which can go on now; null where there is none. */
  unfinishedBy({ tag, value }: Deed): BlockId | null {
    const top = tag === 'rekey' ? value.top : 'block' in value ? value.block : null
    return top !== null && this.#isUnfinished(top) ? top : null
  }

  #isUnfinished(block: BlockId): boolean {
    return (entryOf(this.#tree.committed, block)?.entry.fields.movedFrom ?? null) !== null
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

  /** As long as somebody takes the changes; what is kept of them goes on by itself, and then the rest. */
  async #rekeyAbove(top: BlockId, job: JobHandle): Promise<void> {
    if (!this.#isUnfinished(top)) return
    const topId = idText(top)
    const stale = () => this.#view.subtreeOf(topId).filter(({ id }) => id !== topId && this.#isStale(idFromText(id)!))
    job.setTotal(stale().length)
    for (let done = 0; ;) {
      // Asked anew each round: a folder comes before what it holds, and meanwhile things may have come or gone.
      const part = stale().slice(0, rekeyedCountPerRound)
      if (part.length === 0) break
      for (const { id } of part) {
        job.check()
        if (this.#view.get(id) === null) continue
        const rekey: Deed = { tag: 'rekey', value: { block: idFromText(id)!, top } }
        if ((await this.#submit(`rekey ${id} ${toHex(this.#random(16))}`, rekey)) === 'kept') return
      }
      job.advance((done += part.length))
    }
    await this.#submit(`moved ${topId} ${toHex(this.#random(16))}`, { tag: 'arrive', value: { block: top } })
  }

  /** Whether a block's records name another place than the one where it stands. */
  #isStale(block: BlockId): boolean {
    const path = pathOf(this.#tree.committed, block)
    const access = accessOf(this.#tree.committed, block)
    return path !== null && access !== null && !samePath(access.fields.path, path)
  }

  // --- what they share ------------------------------------------------------------------------------------------------------

  #submit(requestId: string, deed: Deed, attached: WrittenBody['attached'] = []): Promise<Answer> {
    return this.#tree.outbox.submit(requestId, deed, attached)
  }

  /** How a request ended that was asked for before; null where it never was. */
  #known(requestId: string): Promise<Answer> | null {
    return this.#tree.outbox.answerOf(requestId)
  }

  #writing(block: BlockId, content: Content, job: JobHandle, lasting: Lasting | null = null): Write {
    return (keyEpoch, keys) => writeBody(this.#tree, block, keyEpoch, keys, content, job, lasting)
  }

  /** Seals a content and goes on with it. @param isWhole whether all of it is here then */
  async #withBody(
    block: BlockId,
    keyEpoch: number,
    key: Bytes,
    isWhole: boolean,
    write: Write,
    goOn: (written: WrittenBody) => Promise<Answer>,
  ): Promise<void> {
    const sectorKeys = blockKeySchedule(key)
    const written = await write(keyEpoch, sectorKeys).finally(() => sectorKeys.wipe())
    if (isWhole) this.#tree.holdings.made(block, written)
    try {
      await goOn(written)
    } catch (error) {
      // Of a change that was certainly not made. After any other failure the next start finds out by the lease.
      const isCertain = error instanceof RefusedError || error instanceof CancelledError
      if (isCertain) {
        this.#tree.holdings.unmade(block, written)
        await abandonBody(this.#tree, block, written)
      }
      throw error
    }
  }

  /** Two deeds at once may want one name in one folder; the later finds it taken although the tree does not have it yet. */
  async #underFreeName<T>(
    parentId: string,
    wanted: string,
    deed: (name: string) => Promise<T>,
    exceptId?: string,
  ): Promise<T> {
    const name = this.#view.freeName(parentId, wanted, exceptId, (candidate) =>
      this.#reserved.has(`${parentId}/${candidate}`),
    )
    const reservation = `${parentId}/${name}`
    this.#reserved.add(reservation)
    try {
      return await deed(name)
    } finally {
      this.#reserved.delete(reservation)
    }
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

  #random(sizeBytes: number): Bytes {
    return this.#tree.platform.random.bytes(sizeBytes)
  }
}

/** What begins to exist with a content. */
type TagOfNew = 'addFile' | 'addLink'
type Settle = (finish: (folder: IdPath, name: string) => Promise<Answer>) => Promise<Answer>

/** So many blocks at a time get a new key after a move, before it is looked what else there is. */
const rekeyedCountPerRound = 64

const refusal = (code: string, sentence: string): RefusedError => new RefusedError(refused(code, sentence).fault)
