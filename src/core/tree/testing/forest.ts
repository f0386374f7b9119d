/**
 * A small tree with real keys and signatures for the core's tests: each helper signs what a node would sign.
 * @module
 */
import { type Bytes, compare, encode, equal, must } from '../../bytes/bytes.ts'
import {
  type CredentialSet,
  type KemSuite,
  type Principal,
  type PublicCredential,
  type RootSignature,
  digest,
  ed25519Message,
  ed25519PublicKey,
  principalOf,
  recoveryFromEntropy,
  recoverySign,
  signEd25519,
  treeIdOf,
  verifyClaim,
  x25519PublicKey,
} from '../../crypto/crypto.ts'
import {
  type Readcap,
  type Writecap,
  allRights,
  checkedWhere,
  readcapFor,
  writecapBody,
  writecapDomain,
  writecapOf,
} from '../../cap/cap.ts'
import {
  type BlockKind,
  type RecordKind,
  type SignedRecord,
  recordGroup,
  signedRecord,
  unsignedRecord,
} from '../../block/block.ts'
import { type IdPath, blockIdOf, childPath, rootPath } from '../../path/path.ts'
import { root as rootOf } from '../../merkle/merkle.ts'
import { type AppointmentBody, appointmentBody, appointmentDomain } from '../appointment.ts'
import { type Batch, type Operation, examineBatch, requestIdOf, takeOverBodyWire, takeOverDomain } from '../batch.ts'
import {
  type DeviceBody,
  type Dismissal,
  type DismissalBody,
  type SignedDevice,
  deviceBody,
  deviceDomain,
  dismissalBody,
  dismissalDomain,
  signedDevice,
} from '../device.ts'
import { foldBatch } from '../fold.ts'
import { nextGeneration } from '../generation.ts'
import { knownSetOf } from '../set-change.ts'
import {
  type TreeState,
  accessOf,
  appointmentOf,
  contentOf,
  deviceOf,
  emptyTree,
  entryOf,
  summaryOf,
} from '../state.ts'

const filled = (octet: number, sizeBytes: number): Bytes => new Uint8Array(sizeBytes).fill(octet)

/** A node credential made from one octet. */
export interface Person {
  readonly secret: Bytes
  readonly credential: PublicCredential
  readonly transportId: Bytes
}
export function person(octet: number): Person {
  const secret = filled(octet, 32)
  return {
    secret,
    credential: { suite: 1, signingKey: ed25519PublicKey(secret), kemKey: x25519PublicKey(secret) },
    transportId: ed25519PublicKey(digest('blocktree/1/test/transport', secret)),
  }
}

export const alice = person(1)
export const mallory = person(2)
const recovery = recoveryFromEntropy(filled(9, 16))
export const ownerSet: CredentialSet = {
  sequence: 0,
  members: [],
  rpIdHash: null,
  origins: [],
  rootKemKey: x25519PublicKey(filled(8, 32)),
  recoveryKey: recovery.signingPublicKey,
  nextRecoveryHash: recovery.nextPublicKeyHash,
  previousHash: null,
}
export const treeId = treeIdOf(ownerSet)
export const root = rootPath(treeId)
export const endMs = 1_000_000

export function ownerCap(holder: Person, scope: IdPath = root, rights = allRights, expiresAtMs = endMs): Writecap {
  const body = writecapBody({
    scope,
    holder: principalOf(holder.credential),
    rights,
    expiresAtMs,
    issuer: { tag: 'root', value: { setHash: treeId } },
  })
  const signature = recoverySign(recovery.signingSecret, writecapDomain, body)
  return must(writecapOf(body, { tag: 'root', value: { tag: 'recovery', value: { signature } } }))
}
export function nodeCap(
  issuer: Person,
  holder: Person,
  scope: IdPath = root,
  rights = allRights,
  expiresAtMs = endMs,
): Writecap {
  const body = writecapBody({
    scope,
    holder: principalOf(holder.credential),
    rights,
    expiresAtMs,
    issuer: { tag: 'node', value: issuer.credential },
  })
  return must(
    writecapOf(body, { tag: 'node', value: signEd25519(issuer.secret, ed25519Message(writecapDomain, body)) }),
  )
}

export const aliceCap = ownerCap(alice)

export function sign<K extends RecordKind>(kind: K, fields: object, author = alice, cap = aliceCap): SignedRecord<K> {
  const record = unsignedRecord(kind, {
    ...fields,
    author: author.credential,
    writecapHash: cap.hash,
  } as unknown as Parameters<typeof unsignedRecord<K>>[1])
  const { message, partsOf } = recordGroup([record.hash])
  return signedRecord(record, partsOf(signEd25519(author.secret, message))[0]!)
}

/** Opens for nobody. */
export const readcapOf = (principal: Principal, suite: KemSuite = 1): Readcap =>
  readcapFor({ principal, blind: principal.slice(0, 16) }, suite, filled(4, suite === 1 ? 80 : 1168))

export const id = (octet: number): Bytes => filled(octet, 16)
export const hash = (octet: number): Bytes => filled(octet, 32)

export const entry = (
  parent: IdPath,
  child: Bytes,
  kind: BlockKind,
  extra: object = {},
  author = alice,
  cap = aliceCap,
) =>
  sign(
    'entry',
    {
      parent,
      child,
      kind,
      version: 1,
      previousHash: null,
      sealedName: filled(5, 64),
      nameKeyEpoch: 1,
      trashed: false,
      movedFrom: null,
      origin: null,
      ...extra,
    },
    author,
    cap,
  )
export const access = (path: IdPath, extra: object = {}, author = alice, cap = aliceCap) =>
  sign(
    'access',
    {
      path,
      version: 1,
      previousHash: null,
      keyEpoch: 1,
      parentKeyEpoch: 1,
      wrappedKey: filled(6, 72),
      readcaps: [],
      earlierKeys: [],
      ...extra,
    },
    author,
    cap,
  )
export const content = (path: IdPath, extra: object = {}, author = alice, cap = aliceCap) =>
  sign(
    'content',
    {
      path,
      version: 1,
      previousHash: null,
      bodyRoot: hash(7),
      sizeBytes: 10,
      keyEpoch: 1,
      origin: null,
      resealed: false,
      ...extra,
    },
    author,
    cap,
  )

export const newDirectory = (parent: IdPath, child: Bytes) => [
  entry(parent, child, 'directory'),
  access(childPath(parent, child)),
]
export const newFile = (parent: IdPath, child: Bytes) => [
  entry(parent, child, 'file'),
  access(childPath(parent, child)),
  content(childPath(parent, child)),
]
/** @param extra of the content record: what it leads to stands in the body alone */
export const newLink = (parent: IdPath, child: Bytes, extra: object = {}) => [
  entry(parent, child, 'link'),
  access(childPath(parent, child)),
  content(childPath(parent, child), extra),
]

/** The next version of what stands in the state, with some fields changed. */
export function nextEntry(state: TreeState, block: Bytes, change: object, author = alice, cap = aliceCap) {
  const { entry: previous } = entryOf(state, block)!
  return sign(
    'entry',
    { ...previous.fields, version: previous.fields.version + 1, previousHash: previous.hash, ...change },
    author,
    cap,
  )
}
export function nextAccess(state: TreeState, block: Bytes, change: object, author = alice, cap = aliceCap) {
  const previous = accessOf(state, block)!
  return sign(
    'access',
    { ...previous.fields, version: previous.fields.version + 1, previousHash: previous.hash, ...change },
    author,
    cap,
  )
}
export function nextContent(state: TreeState, block: Bytes, change: object, author = alice, cap = aliceCap) {
  const { content: previous } = contentOf(state, block)!
  return sign(
    'content',
    {
      ...previous.fields,
      version: previous.fields.version + 1,
      previousHash: previous.hash,
      resealed: false,
      ...change,
    },
    author,
    cap,
  )
}
export const removal = (state: TreeState, block: Bytes) => {
  const { entry: previous } = entryOf(state, block)!
  return sign('removal', { parent: previous.fields.parent, child: block, previousHash: previous.hash })
}

let requestCount = 0
/** The id of a request of Alice's. */
export const requestOfAlice = (seed: Bytes): Bytes => requestIdOf(principalOf(alice.credential), seed)

/** @param seed of its request @param doer in whose name it is asked for; null: its author */
export function change(
  records: readonly SignedRecord[],
  seed = digest('blocktree/1/test', Uint8Array.of(++requestCount & 255, requestCount >> 8)).slice(0, 16),
  doer: Principal | null = null,
): Operation {
  const requestId = requestIdOf(doer ?? principalOf(records[0]?.fields.author ?? alice.credential), seed)
  return { tag: 'change', value: { requestId, requestSeed: seed, doer, records } }
}

/** By which set the root speaks. */
export interface RootWord {
  readonly setHash: Bytes
  sign(domain: string, body: Bytes): RootSignature
}
const firstRoot: RootWord = {
  setHash: treeId,
  sign: (domain, body) => ({
    tag: 'recovery',
    value: { signature: recoverySign(recovery.signingSecret, domain, body) },
  }),
}

// --- devices --------------------------------------------------------------------------------------------------------------

/** What a device says of itself at first, with some fields changed. */
export function device({ secret, credential, transportId }: Person, change: Partial<DeviceBody> = {}): SignedDevice {
  const fields: DeviceBody = {
    treeId,
    credential,
    transportId,
    version: 1,
    previousHash: null,
    sealedName: filled(5, 72),
    nameBlock: blockIdOf(root),
    nameKeyEpoch: 1,
    hybridKey: null,
    ...change,
  }
  const body = deviceBody(fields)
  return signedDevice(fields, body, signEd25519(secret, ed25519Message(deviceDomain, body)))
}
export const nextDevice = (state: TreeState, who: Person, change: Partial<DeviceBody>): SignedDevice => {
  const previous = deviceOf(state, principalOf(who.credential))!.device
  return device(who, {
    ...previous.fields,
    version: previous.fields.version + 1,
    previousHash: previous.hash,
    ...change,
  })
}

/**
 * What lets a newcomer in, approved on Alice's device.
 * @param cap what the root grants: its scope is what the newcomer may read
 * @param approval Alice's own permission
 */
export function admission(
  state: TreeState,
  newcomer: Person,
  cap: Writecap = ownerCap(newcomer),
  approval: Writecap = aliceCap,
): Operation {
  const block = blockIdOf(cap.scope)
  const readcap = readcapOf(principalOf(newcomer.credential))
  const readcaps = [...accessOf(state, block)!.fields.readcaps, readcap]
  const access = nextAccess(state, block, { readcaps }, alice, approval)
  return { tag: 'admit', value: { device: device(newcomer, { nameBlock: block }), writecap: cap, access } }
}

/** The state with one device more. */
export function withDevice(state: TreeState, newcomer: Person, cap: Writecap = ownerCap(newcomer), stampMs = 1000) {
  const { state: after, outcomes } = commit(state, [admission(state, newcomer, cap)], stampMs)
  if (!outcomes[0]!.ok) throw new Error(outcomes[0]!.fault.code)
  return after
}

type DismissalSignature = Dismissal['signature']
const dismissal = (
  who: Person,
  issuer: DismissalBody['issuer'],
  signature: (body: Bytes) => DismissalSignature,
): Operation => {
  const fields = { treeId, device: principalOf(who.credential), issuer }
  const body = dismissalBody(fields)
  return { tag: 'dismiss', value: { dismissal: { fields, body, signature: signature(body) } } }
}
export const dismissedBy = (who: Person, author: Person, cap: Writecap): Operation =>
  dismissal(who, { tag: 'node', value: { author: author.credential, writecapHash: cap.hash } }, (body) => ({
    tag: 'node',
    value: signEd25519(author.secret, ed25519Message(dismissalDomain, body)),
  }))
export const dismissedByRoot = (who: Person, { setHash, sign: signAsRoot } = firstRoot): Operation =>
  dismissal(who, { tag: 'root', value: { setHash } }, (body) => ({
    tag: 'root',
    value: signAsRoot(dismissalDomain, body),
  }))

/** That these are to decide; signed by Alice unless somebody else does. */
export function appointed(
  state: TreeState,
  deciders: readonly Person[],
  by: Person = alice,
  cap: Writecap = aliceCap,
  over: Partial<AppointmentBody> = {},
): Operation {
  const fields = {
    treeId,
    version: (appointmentOf(state)?.appointment.fields.version ?? 0) + 1,
    deciders: deciders.map(({ credential }) => principalOf(credential)).toSorted(compare),
    author: by.credential,
    writecapHash: cap.hash,
    ...over,
  }
  const body = appointmentBody(fields)
  const signature = signEd25519(by.secret, ed25519Message(appointmentDomain, body))
  return { tag: 'appoint', value: { appointment: { fields, body, signature } } }
}

/** The root's word that a person's device goes on with the tree in this very state. */
export function takeOver(
  state: TreeState,
  who: Person,
  own = device(who),
  cap = ownerCap(who),
  { setHash, sign: signAsRoot } = firstRoot,
): Operation {
  const summary = summaryOf(state)!
  const stateRoot = rootOf(state.map)
  const body = encode(takeOverBodyWire, {
    treeId,
    generation: nextGeneration(summary.generation, stateRoot, cap.hash),
    stateRoot,
    stampMs: summary.stampMs,
    writecapHash: cap.hash,
    setHash,
  })
  return {
    tag: 'takeOver',
    value: {
      body,
      signature: signAsRoot(takeOverDomain, body),
      chain: [cap],
      rootAccess: nextAccess(state, blockIdOf(root), {}, who, cap),
      sealedProfile: summary.sealedProfile,
      device: own,
    },
  }
}

export const found: Operation = {
  tag: 'found',
  value: {
    set: ownerSet,
    wraps: { byRecoveryKey: filled(3, 72), recoveryKemKey: filled(4, 32), byPasskey: [] },
    chain: [aliceCap],
    rootAccess: access(root, {
      parentKeyEpoch: 0,
      wrappedKey: null,
      readcaps: [readcapOf(treeId)],
    }),
    sealedProfile: filled(5, 64),
    device: device(alice),
  },
}

/** Both gates, as a node runs them; a batch that gate 1 stops throws its fault's code. */
export function commit(state: TreeState, operations: readonly Operation[], stampMs = 1000) {
  const batch: Batch = { stampMs, operations }
  const claims = examineBatch(treeId, batch, (at) => knownSetOf(state, at) ?? (equal(at, treeId) ? ownerSet : null))
  if (!claims.ok) throw new Error(claims.fault.code)
  return foldBatch(state, must(checkedWhere(batch, claims.value.map(verifyClaim))))
}

export const founded = (): TreeState => commit(emptyTree(treeId), [found]).state

/** The code of the first outcome, `ok` where it was taken. */
export function verdict(state: TreeState, operation: Operation, stampMs?: number): string {
  const [outcome] = commit(state, [operation], stampMs).outcomes
  return outcome!.ok ? 'ok' : outcome!.fault.code
}

export { childPath }
