/**
 * Import: an archive is believed in nothing. Rows must add up to the state root that its exporter signed, every record's
 * signature and chain must lead to the tree's own id, every object must have its hash, and every file must be whole.
 * @module
 */
import {
  BlocktreeError,
  type Bytes,
  type Refused,
  RefusedError,
  StoreDamagedError,
  encode,
  equal,
  orRefuse,
  paddedSizeOf,
  toHex,
  wipe,
} from '../core/bytes/bytes.ts'
import {
  type CredentialSet,
  type Principal,
  credentialSetHash,
  type Recovery,
  entropyFromWords,
  hpkeInfo,
  principalOf,
  recoveryFromEntropy,
  recoveryKemSecret,
} from '../core/crypto/crypto.ts'
import { isFor, isHeldBy, readcapPlace, writecapDomain } from '../core/cap/cap.ts'
import { diffBodies } from '../core/block/block.ts'
import { type AuthenticatedMap, emptyMap, entries, root, set } from '../core/merkle/merkle.ts'
import { nameFromPerson, rootBlockId } from '../core/path/path.ts'
import {
  type ArchiveFrame,
  type ArchiveHead,
  type ArchiveHeader,
  type Operation,
  type TreeState,
  accessOf,
  archiveCut,
  archiveDamaged,
  archiveForeign,
  archiveKeyPlace,
  archiveMagic,
  archiveUnattested,
  chainOf,
  checkAtRest,
  decodeArchiveHead,
  decodeFrame,
  decodeHeader,
  decodeRow,
  deviceOf,
  devicesOf,
  examineArrival,
  frameSizeOf,
  keys,
  nextGeneration,
  openDeviceName,
  outlivesWriter,
  readRow,
  setInForce,
  summaryOf,
  takeOverBodyWire,
  takeOverDomain,
} from '../core/tree/tree.ts'
import type { Platform } from '../port/platform.ts'
import type { Change } from '../port/store.ts'
import type { ArchiveSummary } from './api.ts'
import { OpenedArchive, checkArchiveSize } from './archive-seal.ts'
import { verifiedAttestation } from './cluster/gate.ts'
import {
  nodeWritecapBody,
  openPeople,
  ownDevice,
  ownWritecapLifeMs,
  rootAccessRecord,
  rootSignedWritecap,
  sealPeople,
  signedByRecoveryKey,
  unwrapByCard,
} from './founding.ts'
import type { JobHandle } from './jobs.ts'
import type { Founding } from './planting.ts'
import type { RunningNode } from './running-node.ts'
import { cardOf } from './root-word.ts'
import { placeOf } from './own-tree.ts'
import { inPlace, objectKey } from './place.ts'
import { walk } from './read/content.ts'
import { KeyRing } from './read/key-ring.ts'
import { inSlices } from './slices.ts'

const claimsPerVerification = 256

/** What the head of an archive says, of which nothing is certain before the card opens it. */
export async function inspectArchive(archive: Blob): Promise<ArchiveSummary> {
  const { treeId, exportedAtMs } = (await readHead(archive)).head
  return { treeId: toHex(treeId), exportedAtMs, sizeBytes: archive.size }
}

/** @returns the names of the devices that have signed what is in it as those who decided */
export async function recover(
  node: RunningNode,
  archive: Blob,
  words: readonly string[],
  deviceName: string,
  takesUnattested: boolean,
  job: JobHandle,
): Promise<readonly string[]> {
  const { platform } = node
  if (node.status().isPlanted) {
    throw new BlocktreeError(
      'recoverPlanted',
      'This browser profile holds a planted tree already. Open the archive in another profile.',
    )
  }
  const entropy = orRefuse(entropyFromWords(words))
  // What an archive is sealed for no change of the keys replaces.
  const card = recoveryFromEntropy(entropy)
  const { head, opened } = await openArchive(platform, archive, card)
  const frames = framesOf(opened)
  const header = await readHeader(frames, platform, head)
  const { state, next } = await readRows(frames, header)
  await checkState(platform, state, header, job)
  const wraps = readRow(state, 'wraps', keys.wraps)
  const kemSecret = wraps && unwrapByCard(card, state.treeId, wraps.byRecoveryKey)
  if (kemSecret === null) throw fault(archiveDamaged())
  const rootKey = await rootKeyOf(platform, state, kemSecret)
  const vouchers = await vouchersOf(platform, state, header)
  // What the card signs from here on counts as much as what the devices signed that decided.
  if (vouchers === null && !takesUnattested) {
    const [exporter] = namesOf(node, state, rootKey, [principalOf(header.exporter)])
    demandVouched(state, exporter!, platform.clock.nowMs())
  }
  const signers = namesOf(node, state, rootKey, vouchers ?? [])
  if (deviceOf(state, principalOf(node.keys.credential))?.dismissed) throw recoverRemoved()
  // Its last change may wait to come into force.
  const owner = setInForce(state, Math.max(platform.clock.nowMs(), summaryOf(state)!.stampMs + 1))!
  wipe(card.signingSecret, card.wrapKey)
  const { recovery } = cardOf(state, owner, entropy)
  wipe(entropy)
  await node.expectArrival(header.treeId)
  let founding: Founding
  try {
    await takeObjects(platform, frames, next, header, job)
    if ((await checkBodies(platform, state, header.treeId)) !== header.objectCount) throw fault(archiveDamaged())
    founding = await takeOver(node, state, owner, recovery, rootKey, deviceName)
  } catch (error) {
    await node.forget(header.treeId)
    // What a walk calls damaged is, here, not this device's.
    throw error instanceof StoreDamagedError ? fault(archiveDamaged()) : error
  }
  await node.adopt(founding, state)
  wipe(recovery.signingSecret, recovery.wrapKey, kemSecret, rootKey)
  return signers
}

// --- frames ---------------------------------------------------------------------------------------------------------------

type Frames = AsyncGenerator<{ readonly frame: ArchiveFrame; readonly endByte: number }, void>

/** The head, in an archive whose size is the one that it says. */
async function readHead(archive: Blob) {
  const bytesAt = async (start: number, end: number): Promise<Bytes> =>
    new Uint8Array(await archive.slice(start, end).arrayBuffer())
  const start = archiveMagic.length
  if (!equal(await bytesAt(0, start), archiveMagic)) throw fault(archiveForeign())
  const sizeBytes = orRefuse(frameSizeOf(await bytesAt(start, start + 4)))
  const octets = await bytesAt(start + 4, start + 4 + sizeBytes)
  if (octets.length < sizeBytes) throw fault(archiveCut())
  const { head, check } = orRefuse(decodeArchiveHead(octets))
  const headSizeBytes = start + 4 + sizeBytes
  checkArchiveSize(archive, headSizeBytes, head.sizeBytes)
  return { head, check, headSizeBytes }
}

async function openArchive({ crypto }: Platform, archive: Blob, recovery: Recovery) {
  const { head, check, headSizeBytes } = await readHead(archive)
  const { treeId, exportedAtMs, sizeBytes, recoveryKemKey, sealedKey } = head
  const secret = recoveryKemSecret(recovery)
  if (!equal(await crypto.kemPublicKey(secret), recoveryKemKey)) throw cardOfOther()
  const key = await crypto.openWith(secret, hpkeInfo.archive, archiveKeyPlace(treeId, exportedAtMs), sealedKey)
  wipe(secret)
  if (key === null) throw fault(archiveDamaged())
  return { head, opened: new OpenedArchive(archive, headSizeBytes, crypto, { key, check, sizeBytes }) }
}

async function* framesOf(archive: OpenedArchive): Frames {
  for (let at = 0; at < archive.size;) {
    const sizeBytes = orRefuse(frameSizeOf(await archive.bytesAt(at, at + 4)))
    at += 4
    const octets = await archive.bytesAt(at, at + sizeBytes)
    if (octets.length < sizeBytes) throw fault(archiveCut())
    const frame = decodeFrame(octets)
    if (!frame.ok) throw fault(archiveDamaged())
    at += sizeBytes
    const isEnd = frame.value.tag === 'end'
    if (isEnd && !(await isPadding(archive, at))) throw fault(archiveDamaged())
    yield { frame: frame.value, endByte: at }
    if (isEnd) return
  }
}

/** Whether from an octet on there are the zeros that belong there, and no others. */
async function isPadding(archive: OpenedArchive, start: number): Promise<boolean> {
  if (paddedSizeOf(start) !== archive.size) return false
  const partBytes = 1024 * 1024
  for (let at = start; at < archive.size; at += partBytes)
    if ((await archive.bytesAt(at, at + partBytes)).some((octet) => octet !== 0)) return false
  return true
}

async function nextFrame(frames: Frames): Promise<{ readonly frame: ArchiveFrame; readonly endByte: number }> {
  const { done, value } = await frames.next()
  if (done === true) throw fault(archiveCut())
  return value
}

/** The header, which says of which tree and when as the head did, by which a person chose the archive. */
async function readHeader(frames: Frames, platform: Platform, head: ArchiveHead): Promise<ArchiveHeader> {
  const { header, claim } = orRefuse(decodeHeader((await nextFrame(frames)).frame))
  const [isValid] = await platform.crypto.verify([claim])
  const isSame = equal(header.treeId, head.treeId) && header.exportedAtMs === head.exportedAtMs
  if (isValid !== true || !isSame) throw fault(archiveDamaged())
  return header
}

/** The rows, which must add up to the signed root, and the first frame after them. */
async function readRows(
  frames: Frames,
  header: ArchiveHeader,
): Promise<{ readonly state: TreeState; readonly next: ArchiveFrame }> {
  let map: AuthenticatedMap = emptyMap
  for (let rowCount = 0; ;) {
    const { frame } = await nextFrame(frames)
    if (frame.tag !== 'rows') {
      if (rowCount !== header.rowCount || !equal(root(map), header.stateRoot)) throw fault(archiveDamaged())
      return { state: { treeId: header.treeId, map }, next: frame }
    }
    rowCount += frame.value.length
    if (rowCount > header.rowCount) throw fault(archiveDamaged())
    for (const { key, value } of frame.value) map = set(map, key, value)
  }
}

async function takeObjects(
  platform: Platform,
  frames: Frames,
  first: ArchiveFrame,
  header: ArchiveHeader,
  job: JobHandle,
): Promise<void> {
  const place = placeOf(header.treeId)
  let objectCount = 0
  for (let frame = first; ;) {
    if (frame.tag === 'end') {
      const { rowCount } = frame.value
      if (objectCount !== header.objectCount || frame.value.objectCount !== objectCount) throw fault(archiveCut())
      if (rowCount !== header.rowCount) throw fault(archiveDamaged())
      return
    }
    if (frame.tag !== 'objects') throw fault(archiveDamaged())
    objectCount += frame.value.length
    if (objectCount > header.objectCount) throw fault(archiveDamaged())
    job.check()
    // What an object is shows when the bodies are walked; each is looked at there under the hash that it must have.
    await platform.store.write(
      frame.value.map(({ key, value }): Change => ({ kind: 'put', table: 'object', key: inPlace(place, key), value })),
      'relaxed',
    )
    const next = await nextFrame(frames)
    frame = next.frame
    job.advance(next.endByte)
  }
}

// --- belief ---------------------------------------------------------------------------------------------------------------

/** As for a state that another device brings: every row in its place, and every signature leads to the tree's id. */
async function checkState(platform: Platform, state: TreeState, header: ArchiveHeader, job: JobHandle): Promise<void> {
  const examined = await inSlices(platform.clock, examineArrival(state, null))
  const exporters = chainOf(state, header.writecapHash)
  const isExported = exporters !== null && isHeldBy(exporters, principalOf(header.exporter))
  if (!examined.ok || !isExported) throw fault(archiveDamaged())
  const claims = examined.value
  for (let start = 0; start < claims.length; start += claimsPerVerification) {
    job.check()
    const verdicts = await platform.crypto.verify(claims.slice(start, start + claimsPerVerification))
    if (!verdicts.every(Boolean)) throw fault(archiveDamaged())
  }
}

/**
 * Who vouches for the state beside its exporter: the devices that have signed it of those who decided.
 * @returns null where these are no majority of them, or have signed another state
 */
async function vouchersOf(
  { crypto }: Platform,
  state: TreeState,
  { attestation }: ArchiveHeader,
): Promise<readonly Principal[] | null> {
  const verified = attestation && (await verifiedAttestation(crypto, state, attestation))
  const isVouched = verified?.ok === true && checkAtRest(state, verified.value, summaryOf(state)!.stampMs).ok
  return isVouched ? attestation!.votes.map(({ voter }) => voter) : null
}

/** What one device of several says alone its owner has to take on its word; what outlives a writer on nobody's but his own. */
function demandVouched(state: TreeState, exporter: string, nowMs: number): void {
  if (outlivesWriter(state, null, nowMs)) throw fault(archiveUnattested())
  const ownDevices = [...devicesOf(state)].filter((row) => row.standing === 'own' && row.dismissed === null)
  if (ownDevices.length > 1) throw archiveOfOne(exporter)
}

/**
 * Every file is whole: its pages fit the signed root, its sectors are there and have the hashes that the pages say.
 * @returns how many objects the files consist of
 */
async function checkBodies(platform: Platform, state: TreeState, treeId: Bytes): Promise<number> {
  let objectCount = 0
  const place = placeOf(treeId)
  const store = {
    async readMany(_table: 'object', at: readonly Bytes[]) {
      const values = await platform.store.readMany('object', at)
      if (values.includes(null)) throw fault(archiveDamaged())
      return values
    },
  }
  for (const [key, octets] of entries(state.map, keys.contents)) {
    const block = key.slice(1)
    const { bodyRoot, sizeBytes } = decodeRow('content', octets).content.fields
    for await (const objects of walk({ store, place }, block, diffBodies({ bodyRoot, sizeBytes }, []))) {
      objectCount += objects.length
      const sectors = objects.filter(({ kind }) => kind === 'sector')
      for (let start = 0; start < sectors.length; start += 16) {
        const some = sectors.slice(start, start + 16)
        const values = await store.readMany(
          'object',
          some.map((sector) => objectKey(place, block, sector)),
        )
        const actual = await platform.crypto.hash(values.map((value) => value!))
        if (!actual.every((hash, at) => equal(hash, some[at]!.hash))) throw fault(archiveDamaged())
      }
    }
  }
  return objectCount
}

// --- the new life ---------------------------------------------------------------------------------------------------------

/** The key of the root block, which the owner has as a reader. */
async function rootKeyOf({ crypto }: Platform, state: TreeState, kemSecret: Bytes): Promise<Bytes> {
  const { treeId } = state
  const block = rootBlockId(treeId)
  const access = accessOf(state, block)
  const sealedKey = access?.fields.readcaps.find((readcap) => isFor(readcap, treeId))?.sealedKey
  if (access === null || sealedKey === undefined) throw fault(archiveDamaged())
  const place = readcapPlace(treeId, block, access.fields.keyEpoch, treeId)
  const key = await crypto.openWith(kemSecret, hpkeInfo.readcap, place, sealedKey)
  if (key === null) throw fault(archiveDamaged())
  return key
}

/** What the tree calls devices of it; empty for one whose name does not open. */
function namesOf(
  { keys: nodeKeys }: RunningNode,
  state: TreeState,
  rootKey: Bytes,
  devices: readonly Principal[],
): readonly string[] {
  const ring = new KeyRing(state.treeId, nodeKeys, rootBlockId(state.treeId))
  ring.learn(accessOf(state, ring.base)!, rootKey)
  const names = devices.map((device) => {
    const fields = deviceOf(state, device)?.device.fields
    const key = fields && ring.keyOf(state, fields.nameBlock, fields.nameKeyEpoch)
    return (fields && key && openDeviceName(key, fields)) ?? ''
  })
  ring.close()
  return names
}

/** The operation by which this node continues the tree: signed by the recovery key over exactly this state. */
async function takeOver(
  node: RunningNode,
  state: TreeState,
  owner: CredentialSet,
  recovery: Recovery,
  rootKey: Bytes,
  typedName: string,
): Promise<Founding> {
  const { platform, keys: nodeKeys } = node
  const { treeId } = state
  const summary = summaryOf(state)!
  const previous = accessOf(state, rootBlockId(treeId))!
  const before = openPeople(rootKey, treeId, summary.sealedProfile)
  const people = { ownerName: before?.ownerName ?? '', deviceName: orRefuse(nameFromPerson(typedName)) }

  const setHash = credentialSetHash(owner)
  const capBody = nodeWritecapBody(treeId, nodeKeys.credential, setHash, platform.clock.nowMs() + ownWritecapLifeMs)
  const writecap = rootSignedWritecap(capBody, signedByRecoveryKey(recovery, writecapDomain, capBody))
  const stateRoot = root(state.map)
  const body = encode(takeOverBodyWire, {
    treeId,
    generation: nextGeneration(summary.generation, stateRoot, writecap.hash),
    stateRoot,
    stampMs: summary.stampMs,
    writecapHash: writecap.hash,
    setHash,
  })
  const operation: Operation = {
    tag: 'takeOver',
    value: {
      body,
      signature: signedByRecoveryKey(recovery, takeOverDomain, body),
      chain: [writecap],
      rootAccess: await rootAccessRecord(platform, nodeKeys, owner, treeId, rootKey, writecap, previous),
      device: await ownDevice(
        platform,
        nodeKeys,
        treeId,
        { nameBlock: rootBlockId(treeId), nameKey: rootKey, nameKeyEpoch: previous.fields.keyEpoch },
        people.deviceName,
        deviceOf(state, principalOf(nodeKeys.credential))?.device ?? null,
      ),
      sealedProfile: sealPeople(rootKey, treeId, people, platform.random.bytes(24)),
    },
  }
  return { treeId, operation, people }
}

const recoverRemoved = (): BlocktreeError =>
  new BlocktreeError(
    'recoverRemoved',
    'This browser was removed from the tree in this archive, so the tree cannot go on here. Open the archive in another browser profile, or delete the data of this site in this one first.',
  )

const archiveOfOne = (exporter: string): BlocktreeError =>
  new BlocktreeError(
    'archiveOfOne',
    `Only ${exporter === '' ? 'one device' : `“${exporter}”`} has signed this archive, and not the devices that decided about the tree together. If that device was in other hands, something may be missing or may have been put in. If you trust it, take it all the same; or export one while your devices can reach each other.`,
  )

/** Of an archive nothing is known that would tell which of the two it is. */
const cardOfOther = (): BlocktreeError =>
  new BlocktreeError(
    'cardForeign',
    'These words are a valid card, but do not open this archive: they are the card of another tree, or another card counted when it was exported. Find that one.',
  )

const fault = ({ fault: reason }: Refused): RefusedError => new RefusedError(reason)
