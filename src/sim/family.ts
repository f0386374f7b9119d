/**
 * A family of simulated devices that share one tree: the first plants it, the others are let in by the recovery card, as a person
 * does it once; then they live under one network.
 * @module
 */
import { must } from '../core/bytes/bytes.ts'
import { writecapBody, writecapDomain, allRights } from '../core/cap/cap.ts'
import { ed25519Message, principalOf, entropyFromWords, recoveryFromEntropy } from '../core/crypto/crypto.ts'
import { type TreeId, rootPath } from '../core/path/path.ts'
import { deviceBody, deviceDomain, signedDevice } from '../core/tree/tree.ts'
import { rootSignedWritecap, signedByRecoveryKey } from '../node/founding.ts'
import type { Life, SimDevice } from './device.ts'

/** Plants a tree on a device. @returns the words of its card */
export async function plant({ node: { api } }: Life): Promise<readonly string[]> {
  const { plantingId, words, askedPositions } = await api.beginPlanting('Ada', 'Laptop', null)
  await api.confirmCard(
    plantingId,
    askedPositions.map((position) => words[position]!),
  )
  await api.finishPlanting('plant', plantingId, null)
  return words
}

/** Lets one device into the tree of another, approved by the card. Resolves when the newcomer can read the tree. */
export async function letIn(host: Life, guest: Life, ...rest: Tail<Parameters<typeof admit>>): Promise<void> {
  await admit(host, ...rest)
  await guest.node.membership.join(await host.node.membership.address())
}
type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : never

/** Takes one device into the tree of another, approved by the card, before it knows of it. */
export async function admit(
  host: Life,
  guestDevice: SimDevice,
  treeId: TreeId,
  words: readonly string[],
  nowMs: number,
  name = 'Guest',
): Promise<void> {
  const { membership } = host.node
  const keys = await guestDevice.keys.node()
  const fields = membership.introduce(keys.credential, await guestDevice.keys.transportId(), name)
  const body = deviceBody(fields)
  const signature = await keys.sign(ed25519Message(deviceDomain, body))
  const granted = writecapBody({
    scope: rootPath(treeId),
    holder: principalOf(keys.credential),
    rights: allRights,
    expiresAtMs: nowMs + yearMs,
    issuer: { tag: 'root', value: { setHash: treeId } },
  })
  const recovery = recoveryFromEntropy(must(entropyFromWords(words)))
  const writecap = rootSignedWritecap(granted, signedByRecoveryKey(recovery, writecapDomain, granted))
  await membership.admit(signedDevice(fields, body, signature), writecap)
}

const yearMs = 365 * 24 * 60 * 60 * 1000
