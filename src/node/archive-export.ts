/**
 * Export: the whole tree as one file, as it lies here (`core/tree/archive.ts`).
 * @module
 */
import { BlocktreeError, type Bytes, StoreDamagedError, equal, paddedSizeOf } from '../core/bytes/bytes.ts'
import { ed25519Message, hpkeInfo } from '../core/crypto/crypto.ts'
import { diffBodies } from '../core/block/block.ts'
import { entries, root, size } from '../core/merkle/merkle.ts'
import {
  type ArchiveFrame,
  type TreeState,
  archiveDomain,
  archiveHeaderBody,
  archiveKeyPlace,
  archiveMagic,
  decodeRow,
  encodeArchiveHead,
  encodeFrame,
  keys,
  readRow,
  sealedArchiveSizeOf,
} from '../core/tree/tree.ts'
import { type ArchiveKey, sealPieces } from './archive-seal.ts'
import { attestedAlone } from './attesting.ts'
import { limitedOnly } from './guest/guest-replica.ts'
import type { RunningNode } from './running-node.ts'
import type { OwnTree } from './own-tree.ts'
import { objectKey, placePrefixSizeBytes } from './place.ts'
import { walk } from './read/content.ts'

const rowsPerFrame = 512
const objectsPerFrame = 16

/** Measures the archive, signs its header and offers it for reading; the tree as it is now is what it will hold. */
export async function beginExport(node: RunningNode, requestId: string): Promise<string> {
  const { tree, view } = node.home
  if (!node.status().isPlanted) {
    throw new BlocktreeError(
      'exportUnplanted',
      'Plant the tree first: an export is opened with the recovery card, and this tree has none yet.',
    )
  }
  if (tree.visit !== null) throw limitedOnly()
  return node.jobs.run(requestId, 'export', '', 0, async (job) => {
    const { state, attestation } = await stateFor(node)
    let objectCount = 0
    let objectsSizeBytes = 0
    // Gone through once before: the header counts what follows it, and a download of a known size can not end unnoticed.
    let sizeBytes = 0
    for (const frame of rowFrames(state)) sizeBytes += frame.length
    for await (const objects of liveObjects(tree, state)) {
      job.check()
      objectCount += objects.length
      objectsSizeBytes += objects.reduce((sum, { value }) => sum + value.length, 0)
      sizeBytes += encodeFrame({ tag: 'objects', value: objects }).length
      job.advance(objectsSizeBytes)
    }
    const exportedAtMs = node.platform.clock.nowMs()
    const body = archiveHeaderBody({
      treeId: tree.treeId,
      exportedAtMs,
      stateRoot: root(state.map),
      rowCount: size(state.map),
      objectCount,
      objectsSizeBytes,
      itemCount: view.items.size - 1,
      exporter: tree.author.credential,
      writecapHash: tree.author.writecapHash,
      attestation,
    })
    const header: ArchiveFrame = {
      tag: 'header',
      value: { body, signature: await node.keys.sign(ed25519Message(archiveDomain, body)) },
    }
    const first = encodeFrame(header)
    const end = encodeFrame({ tag: 'end', value: { rowCount: size(state.map), objectCount } })
    const paddedBytes = paddedSizeOf(first.length + sizeBytes + end.length)
    const { head, archiveKey } = await sealedHead(tree, state, exportedAtMs, paddedBytes)
    const exportId = `export-${requestId}`
    node.streams.offer(exportId, {
      name: `Blocktree of ${node.status().ownerName}.bt`,
      mediaType: 'application/octet-stream',
      sizeBytes: archiveMagic.length + head.length + sealedArchiveSizeOf(paddedBytes),
      open: () => archive(tree, head, archiveKey, frames(tree, state, first, end)),
    })
    return exportId
  })
}

/**
 * The tree as it is here, and what vouches for it when those who wrote in it may write no more. What was done here and nobody has
 * decided goes along, and then there is nothing that vouches.
 */
async function stateFor({ home: { tree, replication }, keys }: RunningNode) {
  const { ownCluster, place, treeId } = tree
  const given = ownCluster.isSoleVoter
    ? await attestedAlone((message) => keys.sign(message), place, ownCluster)
    : ((await replication?.attestedSoon()) ?? null)
  const isDecided = equal(root(tree.state.map), root(tree.committed.map))
  const state: TreeState = given !== null && isDecided ? { treeId, map: given.map } : tree.state
  return { state, attestation: isDecided ? (given?.attestation ?? null) : null }
}

/** What opens the archive, for whoever has the card. */
async function sealedHead({ platform, treeId }: OwnTree, state: TreeState, exportedAtMs: number, sizeBytes: number) {
  const wraps = readRow(state, 'wraps', keys.wraps)
  if (wraps === null) throw new StoreDamagedError('the keys of the root')
  const { recoveryKemKey } = wraps
  const key = platform.random.bytes(32)
  const place = archiveKeyPlace(treeId, exportedAtMs)
  const sealedKey = await platform.crypto.sealTo({ suite: 1, publicKey: recoveryKemKey }, hpkeInfo.archive, place, key)
  const { octets, check } = encodeArchiveHead({ treeId, exportedAtMs, sizeBytes, recoveryKemKey, sealedKey })
  const archiveKey: ArchiveKey = { key, check, sizeBytes }
  return { head: octets, archiveKey }
}

async function* archive(
  { platform }: OwnTree,
  head: Bytes,
  archiveKey: ArchiveKey,
  plain: AsyncGenerator<Bytes>,
): AsyncGenerator<Bytes> {
  yield archiveMagic
  yield head
  yield* sealPieces(platform, archiveKey, plain)
}

async function* frames(tree: OwnTree, state: TreeState, first: Bytes, end: Bytes): AsyncGenerator<Bytes> {
  yield first
  yield* rowFrames(state)
  for await (const objects of liveObjects(tree, state)) yield encodeFrame({ tag: 'objects', value: objects })
  yield end
}

function* rowFrames(state: TreeState): Generator<Bytes> {
  let rows: { key: Bytes; value: Bytes }[] = []
  for (const [key, value] of entries(state.map)) {
    rows.push({ key, value })
    if (rows.length < rowsPerFrame) continue
    yield encodeFrame({ tag: 'rows', value: rows })
    rows = []
  }
  if (rows.length > 0) yield encodeFrame({ tag: 'rows', value: rows })
}

/** Every object that a content record of the state refers to, a few at a time; what is not here comes from other devices. */
async function* liveObjects(
  { reading, place, platform }: OwnTree,
  state: TreeState,
): AsyncGenerator<readonly { key: Bytes; value: Bytes }[]> {
  // An archive must lack nothing, while a walk passes over what is not there.
  const readAll = async (at: readonly Bytes[]): Promise<readonly Bytes[]> => {
    const values = await reading.store.readMany('object', at)
    return values.map((value) => {
      if (value === null) throw new StoreDamagedError('a piece of a file is missing')
      return value
    })
  }
  const store = { readMany: (_table: 'object', at: readonly Bytes[]) => readAll(at) }
  for (const [key, octets] of entries(state.map, keys.contents)) {
    const block = key.slice(1)
    const { bodyRoot, sizeBytes } = decodeRow('content', octets).content.fields
    // All that is reachable from a body, as the difference to no body at all.
    for await (const found of walk({ store, place }, block, diffBodies({ bodyRoot, sizeBytes }, []))) {
      for (let start = 0; start < found.length; start += objectsPerFrame) {
        const some = found.slice(start, start + objectsPerFrame)
        const keysOfSome = some.map((object) => objectKey(place, block, object))
        const values = await readAll(keysOfSome)
        // Pages were checked on the walk; a sector is as another device gave it.
        const hashes = await platform.crypto.hash(values)
        if (some.some(({ kind, hash }, at) => kind === 'sector' && !equal(hash, hashes[at]!)))
          throw new StoreDamagedError('a piece of a file')
        yield keysOfSome.map((key, at) => ({ key: key.slice(placePrefixSizeBytes), value: values[at]! }))
      }
    }
  }
}
