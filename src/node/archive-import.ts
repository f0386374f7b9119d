/**
 * Import: an archive is believed in nothing. Rows must add up to the state root that its exporter signed, every record's
 * signature and chain must lead to the tree's own id, every object must have its hash, and every file must be whole.
 * @module
 */
import {
  BlocktreeError,
  type Bytes,
  type Codec,
  type Refused,
  RefusedError,
  StoreDamagedError,
  decode,
  encode,
  equal,
  orRefuse,
  paddedSizeOf,
  toHex,
  wipe,
} from '../core/bytes/bytes.ts'
import {
  type Claim,
  type CredentialSet,
  credentialSetHash,
  type Recovery,
  entropyFromWords,
  hpkeInfo,
  nameOfClaim,
  principalOf,
  recoveryFromEntropy,
} from '../core/crypto/crypto.ts'
import { type Chain, claimsOfChain, isFor, isHeldBy, readcapPlace, writecapDomain } from '../core/cap/cap.ts'
import { type SignedRecord, checkShape, checkTold, claimOfRecord, diffBodies } from '../core/block/block.ts'
import { type AuthenticatedMap, emptyMap, entries, root, set } from '../core/merkle/merkle.ts'
import { nameFromPerson, rootBlockId } from '../core/path/path.ts'
import {
  type ArchiveFrame,
  type ArchiveHead,
  type ArchiveHeader,
  type DeviceRow,
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
  claimOfDevice,
  claimOfDismissal,
  decodeArchiveHead,
  decodeFrame,
  decodeHeader,
  decodeRow,
  deviceOf,
  frameSizeOf,
  keys,
  nextGeneration,
  outlivesWriter,
  rowKind,
  rows as rowFormats,
  claimsOfSets,
  setInForce,
  setOf,
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
import type { RunningNode } from './running-node.ts'
import { cardOf } from './root-word.ts'
import { placeOf } from './own-tree.ts'
import { inPlace, objectKey } from './place.ts'
import { walk } from './read/content.ts'

const claimsPerVerification = 256

/** What the head of an archive says, of which nothing is certain before the card opens it. */
export async function inspectArchive(archive: Blob): Promise<ArchiveSummary> {
  const { treeId, exportedAtMs } = (await readHead(archive)).head
  return { treeId: toHex(treeId), exportedAtMs, sizeBytes: archive.size }
}

export async function recover(
  node: RunningNode,
  archive: Blob,
  words: readonly string[],
  deviceName: string,
  takesUnattested: boolean,
  job: JobHandle,
): Promise<void> {
  const { platform } = node
  if (node.status().planted) {
    throw new BlocktreeError(
      'recoverPlanted',
      'This browser profile holds a planted tree already. Open the archive in another profile.',
    )
  }
  const entropy = orRefuse(entropyFromWords(words))
  // What an archive is sealed for no change of the keys replaces.
  const card = recoveryFromEntropy(entropy)
  const { head, kemSecret, opened } = await openArchive(platform, archive, card)
  const frames = framesOf(opened)
  const header = await readHeader(frames, platform, head)
  const { state, next } = await readRows(frames, header)
  await checkState(platform, state, header, job)
  // What the card signs from here on counts as much as what the devices signed that decided.
  if (!takesUnattested) await checkVouched(platform, state, header)
  // Its last change may wait to come into force.
  const owner = setInForce(state, Math.max(platform.clock.nowMs(), summaryOf(state)!.stampMs + 1))!
  wipe(card.signingSecret, card.wrapKey)
  const { recovery } = cardOf(state, owner, entropy)
  wipe(entropy)
  await node.expectArrival(header.treeId)
  try {
    await takeObjects(platform, frames, next, header, job)
    if ((await checkBodies(platform, state, header.treeId)) !== header.objectCount) throw fault(archiveDamaged())
  } catch (error) {
    await node.abandonArrival(header.treeId)
    // What a walk calls damaged is, here, not this device's.
    throw error instanceof StoreDamagedError ? fault(archiveDamaged()) : error
  }
  const founding = await takeOver(node, state, owner, recovery, kemSecret, deviceName)
  await node.adopt(founding, state)
  wipe(recovery.signingSecret, recovery.wrapKey, kemSecret)
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
  const { treeId, exportedAtMs, sizeBytes, byRecoveryKeys, sealedKey } = head
  const kemSecret = byRecoveryKeys.map((wrapped) => unwrapByCard(recovery, treeId, wrapped)).find((one) => one !== null)
  if (kemSecret === undefined) throw cardOfOther()
  const key = await crypto.openWith(kemSecret, hpkeInfo.root, archiveKeyPlace(treeId, exportedAtMs), sealedKey)
  if (key === null) throw fault(archiveDamaged())
  return { head, kemSecret, opened: new OpenedArchive(archive, headSizeBytes, crypto, { key, check, sizeBytes }) }
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

/** Every row decodes and every signature leads to the tree's id. */
async function checkState(platform: Platform, state: TreeState, header: ArchiveHeader, job: JobHandle): Promise<void> {
  const damaged = () => fault(archiveDamaged())
  const kinds = new Map(Object.entries(rowKind).map(([kind, octet]) => [octet as number, kind as keyof typeof rowKind]))
  for (const [key, octets] of entries(state.map)) {
    const kind = kinds.get(key[0]!)
    if (kind === undefined || !decode(rowFormats[kind] as Codec<unknown>, octets, octets.length).ok) throw damaged()
  }
  const summary = summaryOf(state)
  const ofSets = claimsOfSets(state)
  if (summary === null || !equal(summary.treeId, header.treeId) || !ofSets.ok) throw damaged()
  const claims = new Map<string, Claim>()
  const addClaim = (claim: Claim): void => void claims.set(nameOfClaim(claim), claim)
  ofSets.value.forEach(addClaim)
  const checkedChains = new Set<string>()
  const addChain = (writecapHash: Bytes): Chain => {
    const chain = chainOf(state, writecapHash)
    if (chain === null) throw damaged()
    if (!checkedChains.has(String(writecapHash))) {
      checkedChains.add(String(writecapHash))
      orRefuse(claimsOfChain(chain, (at) => setOf(state, at))).forEach(addClaim)
    }
    return chain
  }
  const addRecord = (signed: SignedRecord): void => {
    if (!isHeldBy(addChain(signed.fields.writecapHash), principalOf(signed.fields.author))) throw damaged()
    const told = checkTold(orRefuse(checkShape(signed)))
    if (!told.ok) throw damaged()
    addClaim(orRefuse(claimOfRecord(signed)))
  }
  const addDevice = ({ device, writecapHash, dismissed }: DeviceRow): void => {
    if (!isHeldBy(addChain(writecapHash), principalOf(device.fields.credential))) throw damaged()
    addClaim(claimOfDevice(device))
    if (dismissed === null) return
    const { issuer } = dismissed.dismissal.fields
    if (issuer.tag === 'node' && !isHeldBy(addChain(issuer.value.writecapHash), principalOf(issuer.value.author)))
      throw damaged()
    addClaim(orRefuse(claimOfDismissal(dismissed.dismissal, (at) => setOf(state, at))))
  }
  if (!isHeldBy(addChain(header.writecapHash), principalOf(header.exporter))) throw damaged()
  for (const [key, octets] of entries(state.map)) {
    if (key[0] === rowKind.entry) addRecord(decodeRow('entry', octets).entry)
    else if (key[0] === rowKind.content) addRecord(decodeRow('content', octets).content)
    else if (key[0] === rowKind.access) addRecord(decodeRow('access', octets))
    else if (key[0] === rowKind.device) addDevice(decodeRow('device', octets))
  }
  // Records that were signed together make one claim.
  const distinct = [...claims.values()]
  for (let start = 0; start < distinct.length; start += claimsPerVerification) {
    job.check()
    const verdicts = await platform.crypto.verify(distinct.slice(start, start + claimsPerVerification))
    if (!verdicts.every(Boolean)) throw damaged()
  }
}

/** What outlives its writer was decided, as those who decided then have signed. */
async function checkVouched({ clock, crypto }: Platform, state: TreeState, { attestation }: ArchiveHeader) {
  if (!outlivesWriter(state, null, clock.nowMs())) return
  const verified = attestation && (await verifiedAttestation(crypto, state, attestation))
  const isVouched = verified?.ok === true && checkAtRest(state, verified.value, summaryOf(state)!.stampMs).ok
  if (!isVouched) throw fault(archiveUnattested())
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
        const hashes = sectors.slice(start, start + 16).map(({ hash }) => hash)
        const values = await store.readMany(
          'object',
          hashes.map((hash) => objectKey(place, block, hash)),
        )
        const actual = await platform.crypto.hash(values.map((value) => value!))
        if (!actual.every((hash, at) => equal(hash, hashes[at]!))) throw fault(archiveDamaged())
      }
    }
  }
  return objectCount
}

// --- the new life ---------------------------------------------------------------------------------------------------------

/** The operation by which this node continues the tree: signed by the recovery key over exactly this state. */
async function takeOver(
  node: RunningNode,
  state: TreeState,
  owner: CredentialSet,
  recovery: Recovery,
  kemSecret: Bytes,
  typedName: string,
) {
  const { platform, keys: nodeKeys } = node
  const { treeId } = state
  const summary = summaryOf(state)!
  const previous = accessOf(state, rootBlockId(treeId))
  const sealedKey = previous?.fields.readcaps.find((readcap) => isFor(readcap, treeId))?.sealedKey
  if (previous === null || sealedKey === undefined) throw fault(archiveDamaged())
  const place = readcapPlace(treeId, rootBlockId(treeId), previous.fields.keyEpoch, treeId)
  const rootKey = await platform.crypto.openWith(kemSecret, hpkeInfo.readcap, place, sealedKey)
  if (rootKey === null) throw fault(archiveDamaged())
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
  wipe(rootKey)
  return { treeId, operation, people }
}

/** Of an archive nothing is known that would tell which of the two it is. */
const cardOfOther = (): BlocktreeError =>
  new BlocktreeError(
    'cardForeign',
    'These words are a valid card, but do not open this archive: they are the card of another tree, or another card counted when it was exported.',
  )

const fault = ({ fault: reason }: Refused): RefusedError => new RefusedError(reason)
