/**
 * How a tree begins (paper §2, "When a new blocktree is created a node generates a key pair to serve as the root keys"): a
 * credential set whose hash is the tree's id for ever, the node's writecap signed by the root, and the root block with readcaps
 * for the root and for this node.
 * @module
 */
import { type Bytes, concat, must, utf8, wipe } from '../core/bytes/bytes.ts'
import {
  type CredentialSet,
  type PublicCredential,
  type Recovery,
  type RootSignature,
  ed25519Message,
  openText,
  principalOf,
  recoveryKemSecret,
  recoverySign,
  sealText,
  treeIdOf,
  unlockCheckOf,
  unlockKeyOf,
  unwrapKey,
  wrapKey,
} from '../core/crypto/crypto.ts'
import { type Writecap, allRights, isFor, writecapBody, writecapHash, writecapOf } from '../core/cap/cap.ts'
import { type SignedRecord, recordGroup, signedRecord, unsignedRecord } from '../core/block/block.ts'
import type { JoinGrant } from '../core/message/message.ts'
import { type TreeId, rootBlockId, rootPath } from '../core/path/path.ts'
import {
  type DeviceBody,
  type Operation,
  type SignedDevice,
  type Wraps,
  deviceBody,
  deviceDomain,
  deviceLifeMsMax,
  kemKeyOf,
  sealDeviceName,
  signedDevice,
} from '../core/tree/tree.ts'
import type { CryptoPort, NodeKeys, Platform } from '../port/platform.ts'
import { sealReadcap } from './readcaps.ts'

/** Own devices' writecaps (design §4). */
export const ownWritecapLifeMs = deviceLifeMsMax

export interface People {
  readonly ownerName: string
  readonly deviceName: string
}

/** The body of a node's writecap for a whole tree, ready for the root to sign. */
export const nodeWritecapBody = (
  treeId: TreeId,
  credential: PublicCredential,
  setHash: Bytes,
  expiresAtMs: number,
): Bytes =>
  writecapBody({
    scope: rootPath(treeId),
    holder: principalOf(credential),
    rights: allRights,
    expiresAtMs,
    issuer: { tag: 'root', value: { setHash } },
  })

export const rootSignedWritecap = (body: Bytes, signature: RootSignature): Writecap =>
  must(writecapOf(body, { tag: 'root', value: signature }))

export const signedByRecoveryKey = (recovery: Recovery, domain: string, body: Bytes): RootSignature => ({
  tag: 'recovery',
  value: { signature: recoverySign(recovery.signingSecret, domain, body) },
})

/** What a card opens: the root's KEM secret under its key, and archives by a key of its own. @param nonce 24 octets, fresh */
export async function wrapForCard(
  crypto: Pick<CryptoPort, 'kemPublicKey'>,
  recovery: Pick<Recovery, 'wrapKey'>,
  treeId: TreeId,
  kemSecret: Bytes,
  nonce: Bytes,
): Promise<Pick<Wraps, 'byRecoveryKey' | 'recoveryKemKey'>> {
  const byRecoveryKey = wrapKey(recovery.wrapKey, kemSecret, concat(utf8('blocktree/1/wrap/card'), treeId), nonce)
  const secret = recoveryKemSecret(recovery)
  const recoveryKemKey = await crypto.kemPublicKey(secret)
  wipe(secret)
  return { byRecoveryKey, recoveryKemKey }
}
export const unwrapByCard = (recovery: Recovery, treeId: TreeId, wrapped: Bytes): Bytes | null =>
  unwrapKey(recovery.wrapKey, wrapped, concat(utf8('blocktree/1/wrap/card'), treeId))

/** The root's KEM secret under a passkey's PRF output; the check value tells a browser that computes another one. */
export const wrapForPasskey = (
  prf: Bytes,
  treeId: TreeId,
  kemSecret: Bytes,
  nonce: Bytes,
): Pick<Wraps['byPasskey'][number], 'wrapped' | 'check'> => ({
  wrapped: wrapKey(unlockKeyOf(prf), kemSecret, concat(utf8('blocktree/1/wrap/passkey'), treeId), nonce),
  check: unlockCheckOf(prf),
})

/** @returns null where the PRF output is another passkey's */
export const unwrapByPasskey = (prf: Bytes, treeId: TreeId, wrapped: Bytes): Bytes | null =>
  unwrapKey(unlockKeyOf(prf), wrapped, concat(utf8('blocktree/1/wrap/passkey'), treeId))

/**
 * The root block's access record: its key for the root and for this node. Whoever else has it keeps it: a key is not taken back by
 * saying no more who was given it.
 * @param previous the one it follows; null for a tree that begins
 */
export async function rootAccessRecord(
  platform: Platform,
  keys: NodeKeys,
  set: CredentialSet,
  treeId: TreeId,
  rootKey: Bytes,
  writecap: Writecap,
  previous: SignedRecord<'access'> | null,
): Promise<SignedRecord<'access'>> {
  const block = rootBlockId(treeId)
  const keyEpoch = previous?.fields.keyEpoch ?? 1
  const node = principalOf(keys.credential)
  const given = { treeId, block, keyEpoch, key: rootKey }
  const record = unsignedRecord('access', {
    path: rootPath(treeId),
    version: (previous?.fields.version ?? 0) + 1,
    previousHash: previous?.hash ?? null,
    keyEpoch,
    parentKeyEpoch: 0,
    wrappedKey: null,
    // The owner as a reader is named by the tree: whoever can bring back the root's KEM secret.
    readcaps: [
      await sealReadcap(platform, given, treeId, { suite: 1, publicKey: set.rootKemKey }),
      await sealReadcap(
        platform,
        given,
        node,
        kemKeyOf({ credential: keys.credential, hybridKey: await keys.hybridKey() }),
      ),
      ...(previous?.fields.readcaps ?? []).filter((readcap) => !isFor(readcap, treeId) && !isFor(readcap, node)),
    ],
    earlierKeys: previous?.fields.earlierKeys ?? [],
    author: keys.credential,
    writecapHash: writecapHash(writecap.body),
  })
  const { message, partsOf } = recordGroup([record.hash])
  return signedRecord(record, partsOf(await keys.sign(message))[0]!)
}

export const sealPeople = (rootKey: Bytes, treeId: TreeId, { ownerName, deviceName }: People, nonce: Bytes): Bytes =>
  sealText(rootKey, `${ownerName}\n${deviceName}`, concat(utf8('blocktree/1/people'), treeId), nonce)

export function openPeople(rootKey: Bytes, treeId: TreeId, sealed: Bytes): People | null {
  const [ownerName, deviceName] =
    openText(rootKey, sealed, concat(utf8('blocktree/1/people'), treeId))?.split('\n') ?? []
  return ownerName === undefined || deviceName === undefined ? null : { ownerName, deviceName }
}

/**
 * What this node says of itself as a device.
 * @param name sealed under the key of `nameBlock`, which it can read: the root, or a limited device's folder
 * @param previous the record that it follows; null for a device that is new in the tree
 */
export async function ownDevice(
  platform: Platform,
  keys: NodeKeys,
  treeId: TreeId,
  { nameBlock, nameKey, nameKeyEpoch }: Pick<JoinGrant, 'nameBlock' | 'nameKey' | 'nameKeyEpoch'>,
  name: string,
  previous: SignedDevice | null,
): Promise<SignedDevice> {
  const { credential } = keys
  const fields: DeviceBody = {
    treeId,
    credential,
    transportId: await platform.keys.transportId(),
    version: (previous?.fields.version ?? 0) + 1,
    previousHash: previous?.hash ?? null,
    sealedName: sealDeviceName(nameKey, principalOf(credential), name, platform.random.bytes(24)),
    nameBlock,
    nameKeyEpoch,
    hybridKey: await keys.hybridKey(),
  }
  const body = deviceBody(fields)
  return signedDevice(fields, body, await keys.sign(ed25519Message(deviceDomain, body)))
}

/** The operation that founds a tree. */
export async function foundOperation(
  platform: Platform,
  keys: NodeKeys,
  set: CredentialSet,
  wraps: Wraps,
  writecap: Writecap,
  people: People,
): Promise<Operation> {
  const treeId = treeIdOf(set)
  const rootKey = platform.random.bytes(32)
  const rootAccess = await rootAccessRecord(platform, keys, set, treeId, rootKey, writecap, null)
  const sealedProfile = sealPeople(rootKey, treeId, people, platform.random.bytes(24))
  const device = await ownDevice(
    platform,
    keys,
    treeId,
    { nameBlock: rootBlockId(treeId), nameKey: rootKey, nameKeyEpoch: rootAccess.fields.keyEpoch },
    people.deviceName,
    null,
  )
  rootKey.fill(0)
  return { tag: 'found', value: { set, wraps, chain: [writecap], rootAccess, sealedProfile, device } }
}
